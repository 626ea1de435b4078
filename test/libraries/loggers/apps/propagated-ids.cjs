/**
 * Logs with each logger in a request, in the job of a queue that it starts, and in the
 * requests that both of them make: `node propagated-ids.cjs BUNYAN PINO REDIS`.
 */
const { once } = require("node:events");
const http = require("node:http");
const { createRequire } = require("node:module");
const winston = require("winston");
const { setOrganization, setUser } = require("../../../../dist/index.js");
const [bunyanName, pinoName, url] = process.argv.slice(2);
const bunyan = require(bunyanName);
const pino = require(pinoName);
const { Queue, QueueEvents, Worker } = createRequire(require.resolve("../../queues/rows.ts"))(
  "bullmq",
);

const loggers = {
  winston: winston.createLogger({ transports: new winston.transports.Console() }),
  pino: pino(),
  bunyan: bunyan.createLogger({ name: "shop" }),
  console: { info: (text) => console.log(text), error: (error) => console.error(error.message) },
};
const logAll = (place) => {
  for (const [name, logger] of Object.entries(loggers)) logger.info(`${name} ${place}`);
};

const connection = { url };
const queue = new Queue("orders", { connection });
const events = new QueueEvents("orders", { connection });
const worker = new Worker(
  "orders",
  async () => {
    await new Promise(setImmediate);
    logAll("job");
    await fetch(`${baseUrl}/behind-job`);
    loggers.bunyan.error(new Error("bunyan failed"));
  },
  { connection },
);

let baseUrl = "";
const routes = {
  async "/orders"() {
    setUser({ id: "u-7" });
    setOrganization("o-3");
    await new Promise(setImmediate);
    logAll("request");
    await fetch(`${baseUrl}/behind-fetch`);
    const [response] = await once(http.get(`${baseUrl}/behind-http`), "response");
    response.resume();
    await fetch(`${baseUrl}/own-id`, { headers: { "X-Request-Id": "of-the-app" } });
    const own = { headers: { "X-Request-ID": "of-the-app" } };
    const [second] = await once(http.get(`${baseUrl}/own-id-http`, own), "response");
    second.resume();
    const job = await queue.add("deliver", { order: 12 });
    await job.waitUntilFinished(events);
  },
};
const server = http.createServer(async (request, response) => {
  if (request.url === "/orders") await routes["/orders"]();
  else logAll(request.url.slice(1));
  response.end();
});

void (async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  baseUrl = `http://127.0.0.1:${server.address().port}`;
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady(), worker.waitUntilReady()]);
  const headers = { "x-request-id": "r-81" };
  await fetch(`${baseUrl}/orders`, { headers });
  server.close();
  server.closeAllConnections();
  await Promise.all([worker.close(), events.close(), queue.close()]);
})();
