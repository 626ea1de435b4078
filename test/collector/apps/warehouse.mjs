import { createRequire } from "node:module";
import { setTimeout as delay } from "node:timers/promises";
import express from "express";
import { Pool } from "pg";
import {
  addHealthCheck,
  captureException,
  counter,
  histogram,
  job,
  logSecurityEvent,
  time,
  watchCache,
} from "../../../dist/index.js";

/*
 * A service with faults: requests that fail or are slow, jobs and messages that fail, a queue
 * that fills, a cache that misses, a rate limit that is hit, a dependency that fails, code that
 * blocks. Its clients are in test/collector/operations.
 */
const { REDIS_URL: redis, SHOP_URL: shop } = process.env;
const limiters = createRequire(new URL("../../libraries/limiters/package.json", import.meta.url));
const queues = createRequire(new URL("../../libraries/queues/package.json", import.meta.url));
const { rateLimit } = limiters("express-rate-limit");
const { Queue, Worker } = queues("bullmq");
const Redis = queues("ioredis");

const connection = { host: new URL(redis).hostname, port: Number(new URL(redis).port) };
const store = new Redis(redis);
// A port that is closed, as if these servers were stopped.
const stopped = new Pool({ host: "127.0.0.1", port: 1, user: "warehouse" });
const stoppedStore = new Redis(1, { maxRetriesPerRequest: 0, retryStrategy: () => 100 });
stoppedStore.on("error", () => {});
const stock = watchCache(new Map(), "stock");
const parcels = counter("warehouse.parcels", {
  help: "Parcels sent.",
  unit: "{parcel}",
  labels: ["carrier"],
});
const weight = histogram("warehouse.weight", { help: "Weight of parcels.", unit: "kg" });

const queue = new Queue("parcels", { connection });
const worker = new Worker("parcels", send, { connection, concurrency: 1 });
worker.on("error", () => {});

async function send({ data }) {
  await delay(150);
  if (data.number % 4 === 0) throw new Error("the carrier is closed");
  parcels.add(1, { carrier: data.number % 2 === 0 ? "post" : "courier" });
  weight.record(data.number % 30);
}

let runs = 0;
const count = job("stock-count", async () => {
  await time("recount", () => delay(5));
  runs++;
  if (runs % 3 === 0) throw new Error("the scales are broken");
});
const counting = setInterval(() => count().catch(() => {}), 300);

addHealthCheck(
  "carrier",
  () => {
    throw new Error("the carrier is closed");
  },
  { critical: false },
);
addHealthCheck("scales", () => {});

const app = express();
const limit = rateLimit({ windowMs: 2000, max: 1, validate: false });

app.get("/items/:id", async (request, response) => {
  const { id } = request.params;
  if (stock.get(id) === undefined && Number(id) % 2 === 0) stock.set(id, 1);
  await store.set(`item:${Number(id) % 7}`, id, "EX", 60);
  await store.get(`item:${id}`);
  response.json({ id });
});
app.get("/limited", limit, (_request, response) => response.send("yes"));
app.get("/slow", async (_request, response) => {
  await delay(2600);
  response.send("at last");
});
app.get("/blocking", (_request, response) => {
  const end = performance.now() + 180;
  while (performance.now() < end);
  response.send("done");
});
app.get("/charges", async (_request, response) => {
  // The shop has no rate for Swiss francs.
  const answer = await fetch(`${shop}/api/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ product: 1, quantity: 1, currency: "CHF" }),
  });
  response.status(502).json({ status: answer.status });
});
app.get("/unreachable", async (_request, response) => {
  await fetch("http://127.0.0.1:1/").catch((error) => captureException(error));
  response.status(503).send("no");
});
app.get("/stopped-database", async (_request, response) => {
  await stopped.query("SELECT 1").catch(() => {});
  await stoppedStore.get("item").catch(() => {});
  response.status(503).send("no");
});
app.get("/broken", () => {
  throw new TypeError("the shelf is empty");
});
app.post("/parcels", express.json(), async (request, response) => {
  await queue.add("parcel", { number: request.body.number }, { attempts: 2 });
  response.status(202).end();
});
app.get("/login", (_request, response) => {
  logSecurityEvent("login.failed", { severity: "high" });
  response.status(401).send("no");
});
// Express would print the errors.
app.use((_error, _request, response, _next) => response.status(500).send("no"));

const server = app.listen(0, "127.0.0.1", () => {
  process.stdout.write(`port ${server.address().port}\n`);
});

process.once("SIGTERM", async () => {
  clearInterval(counting);
  server.close();
  server.closeAllConnections();
  await worker.close(true);
  await queue.close();
  store.disconnect();
  stoppedStore.disconnect();
  await stopped.end();
});
