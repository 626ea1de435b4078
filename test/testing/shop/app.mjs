import { createServer } from "node:http";
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { Writable } from "node:stream";
import { DatabaseSync } from "node:sqlite";
import { captureException } from "telltale";
import express from "express";
import winston from "winston";

const outside = AsyncLocalStorage.snapshot();

/** A shop with a database, some of whose routes have the faults that tests should find. */
export async function startShop() {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT)");
  database.exec("CREATE TABLE items (id INTEGER PRIMARY KEY, order_id INTEGER, name TEXT)");
  const addOrder = database.prepare("INSERT INTO orders (id, customer) VALUES (?, ?)");
  const addItem = database.prepare("INSERT INTO items (order_id, name) VALUES (?, ?)");
  for (let id = 1; id <= 10; id++) {
    addOrder.run(id, `customer ${id}`);
    addItem.run(id, `item ${id}`);
  }
  const logger = winston.createLogger({
    transports: [
      new winston.transports.Stream({
        stream: new Writable({ write: (_chunk, _encoding, done) => done() }),
      }),
    ],
  });
  const app = express();
  addRoutes(app, { database, logger });
  // No timeouts: on a busy machine Node would close a connection just as the client uses it again.
  const timeouts = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };
  const server = createServer(timeouts, app).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function addRoutes(app, { database, logger }) {
  const selectOrder = database.prepare("SELECT id, customer FROM orders WHERE id = ?");
  const selectItems = database.prepare("SELECT name FROM items WHERE order_id = ?");
  app.get("/orders/:id", (req, res) => {
    const order = selectOrder.get(Number(req.params.id));
    logger.info("order read", { order: Number(req.params.id) });
    // Ends after the response.
    setImmediate(() => selectItems.all(Number(req.params.id)));
    res.json(order);
  });
  app.get("/orders", (req, res) => {
    res.json(database.prepare("SELECT id FROM orders").all());
  });
  app.get("/n-plus-one", (req, res) => {
    const items = [];
    for (let id = 1; id <= 10; id++) items.push(selectItems.all(id));
    res.json(items);
  });
  app.get("/duplicate", (req, res) => {
    selectOrder.get(1);
    res.json(selectOrder.get(1));
  });
  app.set("env", "test");
  app.get("/failing", () => {
    throw new Error("the card was refused");
  });
  app.get("/swallowed", (req, res) => {
    try {
      throw new Error("the card was refused");
    } catch {
      res.status(200).end();
    }
  });
  app.get("/only-logged", (req, res) => {
    try {
      throw new Error("the card was refused");
    } catch (error) {
      logger.warn("payment failed", { error });
      res.status(200).end();
    }
  });
  app.get("/lost-id", (req, res) => {
    // As a library does that has a queue for all requests.
    outside(() => logger.info("stock written"));
    res.end();
  });
  app.get("/captured", (req, res) => {
    captureException(new Error("the stock is empty"));
    res.end();
  });
}
