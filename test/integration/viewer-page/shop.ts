import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../scripts/node.mjs";
import type { Redis } from "../../libraries/servers/redis.ts";
import { DevProject } from "../viewer/dev-run.ts";

/** The rows of the table of orders, each of which is a query of the planted N+1. */
export const ORDERS = 12;

/** The loop with the N+1, and the query that does the same. */
const LOOP = "orders.map(({ id }) => itemsOf.all(id)); // PLANTED";
const BATCH = "[allItems.all(orders.length)];";

/** The line of `shop.js` with the planted N+1, and the one that throws. */
export const REPEATED_LINE: number = lineOf("PLANTED");
export const THROWING_LINE: number = lineOf("new TypeError");

function shopSource(): string {
  return `
import { DatabaseSync } from "node:sqlite";
import express from "express";
import Redis from "ioredis";

const database = new DatabaseSync(":memory:");
database.exec("CREATE TABLE orders (id INTEGER); CREATE TABLE items (order_id INTEGER, title TEXT)");
for (let id = 1; id <= ${ORDERS}; id++) {
  database.prepare("INSERT INTO orders VALUES (?)").run(id);
  database.prepare("INSERT INTO items VALUES (?, 'lamp')").run(id);
}
const allOrders = database.prepare("SELECT id FROM orders WHERE id > ?");
const itemsOf = database.prepare("SELECT title FROM items WHERE order_id = ?");
const allItems = database.prepare("SELECT order_id, title FROM items WHERE order_id <= ?");
const redis = new Redis(process.env.REDIS_URL);
await redis.set("price:1", "3900");

const app = express();
app.get("/orders/:customer", (request, response) => {
  const orders = allOrders.all(0);
  const items = ${LOOP}
  response.json(items);
});
app.get("/pay", async (request, response) => {
  const charge = await fetch(process.env.PAYMENTS_URL + "/charges", { method: "POST" });
  response.json(await charge.json());
});
app.get("/price", async (request, response) => {
  response.json([await redis.get("price:1"), await redis.get("price:2")]);
});
app.get("/fail", (request) => {
  console.error("there is no stock for the order");
  throw new TypeError("no stock");
});
app.get("/work", (request, response) => {
  const end = Date.now() + 300;
  while (Date.now() < end) JSON.parse(JSON.stringify(process.versions));
  response.json("done");
});
app.get("/healthz", (request, response) => response.json("ok"));
app.listen(0, "127.0.0.1", function () {
  console.log("listening on " + this.address().port);
});
`;
}

const PAYMENTS = `
import express from "express";
const app = express();
app.post("/charges", (request, response) => response.status(201).json({ paid: true }));
app.listen(0, "127.0.0.1", function () {
  console.log("listening on " + this.address().port);
});
`;

function lineOf(text: string): number {
  return (
    shopSource()
      .split("\n")
      .findIndex((line) => line.includes(text)) + 1
  );
}

/** Creates a project with two services, whose packages are those of the tests of libraries. */
export function createShop(): DevProject {
  const project = new DevProject({ "shop.js": shopSource(), "payments.js": PAYMENTS });
  const modules = join(project.folder, "node_modules");
  mkdirSync(modules);
  const packages = {
    express: "frameworks/node_modules/express",
    ioredis: "stores/node_modules/ioredis",
  };
  for (const [name, path] of Object.entries(packages)) {
    symlinkSync(join(root, "test/libraries", path), join(modules, name));
  }
  return project;
}

/** Replaces the N+1 by one query. */
export function fixShop(project: DevProject): void {
  project.write("shop.js", shopSource().replace(LOOP, BATCH));
}

export function shopEnv(redis: Redis, paymentsPort: number): Record<string, string> {
  return { REDIS_URL: redis.url, PAYMENTS_URL: `http://127.0.0.1:${paymentsPort}` };
}
