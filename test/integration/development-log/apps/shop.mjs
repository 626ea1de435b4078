// A shop with a database and a cache. It requests itself, path by path, prints each status, and ends.
import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";
import express from "express";
import { job, watchCache } from "../../../../dist/index.js";

const database = new DatabaseSync(":memory:");
database.exec("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)");
for (const id of [1, 2, 3, 4, 5]) {
  database.prepare("INSERT INTO items VALUES (?, ?)").run(id, `item ${id}`);
}
const find = database.prepare("SELECT name FROM items WHERE id = ?");
const prices = watchCache(new Map([["1", 10]]), "prices");

function loadItem(id) {
  return find.get(id).name;
}

const app = express();
app.get("/orders/:id", (_request, response) => {
  const names = [1, 2, 3, 4, 5].map((id) => loadItem(id));
  prices.get("1");
  prices.get("2");
  console.log("order is loaded");
  console.warn("order is late");
  response.json(names);
});
app.get("/fail", () => {
  throw new TypeError("no price of redis://shop:swordfish-12345@cache\nin the shop");
});
app.get("/slow", (_request, response) => {
  const { n } = database
    .prepare(
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 4000000) SELECT count(*) AS n FROM c",
    )
    .get();
  response.end(String(n));
});
app.get("/broken", (_request, response) => {
  try {
    database.prepare("INSERT INTO items VALUES (?, ?)").run(1, "twice");
  } catch {
    response.status(409).end();
  }
});
app.get("/secret", (_request, response) => {
  const statement = database.prepare("SELECT count(*) FROM items WHERE name = :password");
  statement.get({ password: "swordfish-12345" });
  database.prepare("SELECT name FROM items WHERE name = ?").get("a\u001b[31m\nred");
  response.end();
});

app.use((_error, _request, response, _next) => response.status(500).end());

const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
for (const path of process.env.PATHS.split(",")) {
  const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`);
  await response.arrayBuffer();
  console.log(`${path} ${response.status}`);
}
await job("sweep", async () => loadItem(1))();
server.close();
