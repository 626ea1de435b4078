import { once } from "node:events";
import { createServer, get } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { addBreadcrumb, captureException, withIsolationScope } from "telltale";
import winston from "winston";

/*
 * A shop whose requests log, call another service and query a database. The argument is
 * the place of each error. Prints only its lines.
 */
const { json, combine, timestamp } = winston.format;
const logger = winston.createLogger({
  format: combine(timestamp(), json()),
  defaultMeta: { logger: "orders" },
  transports: new winston.transports.Console(),
});
const database = new DatabaseSync(":memory:");
database.exec("CREATE TABLE orders (id TEXT, card TEXT)");

const stock = createServer((request, response) => {
  response.statusCode = request.url.startsWith("/missing") ? 404 : 200;
  response.end("12");
});
await once(stock.listen(0, "127.0.0.1"), "listening");
const stockUrl = `127.0.0.1:${stock.address().port}`;

function callByHttp(path) {
  return new Promise((resolve, reject) => {
    get(`http://${stockUrl}${path}`, (response) => response.resume().on("end", resolve)).on(
      "error",
      reject,
    );
  });
}

const pages = {
  /** Every kind of breadcrumb, in a known order. */
  async order(id) {
    logger.info(`looking up ${id}`, { order: id });
    await (await fetch(`http://${stockUrl}/items/${id}?token=SECRET-QUERY`)).text();
    addBreadcrumb({ category: "stock", message: `stock of ${id}` });
    logger.warn(`little stock of ${id}`);
    addBreadcrumb({ category: "stock", message: `reserved ${id}` });
    await callByHttp(`/missing/${id}`);
    database.prepare(`SELECT * FROM orders WHERE id = '${id}' AND card = 'SECRET-CARD'`).all();
    console.log(`printed ${id}`);
    const error = new Error(`order ${id}`);
    logger.error(`could not order ${id}`, error);
    logger.info("after the error");
    throw error;
  },
  /** Two pieces of work of one request. */
  async parts(id) {
    logger.info(`before ${id}`);
    await Promise.all(
      ["a", "b"].map((name) =>
        withIsolationScope(async () => {
          await (await fetch(`http://${stockUrl}/${name}/${id}`)).text();
          logger.info(`in ${name} of ${id}`);
          logger.error(new Error(`part ${name} of ${id}`));
        }),
      ),
    );
    captureException(new Error(`after the parts of ${id}`));
  },
  async many(id) {
    for (let at = 0; at < 150; at++) logger.info(`line ${at} of ${id}`);
    captureException(new Error(`many of ${id}`));
  },
  async refused(id) {
    // Nothing listens there any more.
    const closed = createServer();
    await once(closed.listen(0, "127.0.0.1"), "listening");
    const { port } = closed.address();
    await new Promise((resolve) => closed.close(resolve));
    await fetch(`http://127.0.0.1:${port}/${id}`).catch((error) => {
      logger.error(`refused ${id}`, { error });
    });
  },
};

const server = createServer(async (request, response) => {
  const [, page, id] = request.url.split("/");
  try {
    await pages[page](id);
  } catch (error) {
    captureException(error);
    response.statusCode = 500;
  }
  response.end();
});
await once(server.listen(0, "127.0.0.1"), "listening");
const origin = `http://127.0.0.1:${server.address().port}`;

logger.info("started");
await (await fetch(`${origin}/${process.argv[2] ?? "order"}/x1`)).text();
console.log("outside of requests");
captureException(new Error("outside"));
server.close();
stock.close();
