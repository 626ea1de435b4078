import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { watchCache } from "telltale";
import winston from "winston";

/* Two services in two processes: the shop, which asks for prices, and the prices. */

const prices = process.argv[2];
const database = new DatabaseSync(":memory:");
database.exec("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)");
for (let id = 1; id <= 6; id++) database.exec(`INSERT INTO items VALUES (${id}, 'item ${id}')`);

const cache = watchCache(new Map(), "prices");

const logger = winston.createLogger({
  format: winston.format.json(),
  transports: [new winston.transports.Console()],
});

const pages = {
  "/orders": async () => {
    const items = [];
    for (let id = 1; id <= 6; id++) {
      items.push(database.prepare("SELECT name FROM items WHERE id = ?").get(id));
    }
    logger.info("the order was loaded", { items: items.length });
    if (cache.get("price") === undefined) {
      cache.set("price", await (await fetch(`${prices}/price`)).text());
    }
    const price = cache.get("price");
    return JSON.stringify({ items, price });
  },
  "/price": async () => {
    database.prepare("SELECT count(*) FROM items").get();
    return "7";
  },
  "/fail": async () => {
    throw new TypeError("the order has no items");
  },
};

const server = createServer((request, response) => {
  const page = pages[request.url];
  if (page === undefined) return response.writeHead(404).end();
  page().then(
    (text) => response.end(text),
    (error) => {
      logger.error("the request failed", { error });
      logger.error(error);
      response.writeHead(500).end();
    },
  );
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
