"use strict";

/*
 * A service with a database and a cache. DELAY_MS is how long a response takes, QUERIES how
 * many queries it runs.
 */

const http = require("node:http");
const { DatabaseSync } = require("node:sqlite");
const { watchCache } = require("../../../../dist/index.cjs");

const database = new DatabaseSync(":memory:");
database.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL)");
database.exec("INSERT INTO orders VALUES (7, 12.5)");
const find = database.prepare("SELECT total FROM orders WHERE id = ?");
const cache = watchCache(new Map(), "orders");
const delayMs = Number(process.env.DELAY_MS);
const queries = Number(process.env.QUERIES);

const server = http.createServer((request, response) => {
  if (request.method === "DELETE") {
    cache.clear();
    response.end();
    return;
  }
  if (request.url !== "/orders/7") {
    response.statusCode = 404;
    response.end();
    return;
  }
  if (cache.get("7") === undefined) cache.set("7", "cached");
  for (let at = 0; at < queries; at++) find.get(7);
  setTimeout(() => response.end("{}"), delayMs);
});

server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("listening"));
