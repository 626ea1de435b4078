// Serves the same routes with Express or Fastify, and prints its port. `/summary-api` responds with the API's results.
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { getEndpointMetrics, getMetricsSummary, watchCache } from "telltale";

const database = new DatabaseSync(":memory:");
database.exec("CREATE TABLE items (id INTEGER PRIMARY KEY)");
const query = database.prepare("SELECT id FROM items WHERE id = ?");
const cache = watchCache(new Map([["known", 1]]), "items");

/** By route: what its handler does, and with which status it responds. */
const handlers = {
  "/items/:id": ({ queries }) => {
    for (let at = 0; at < queries; at++) query.all(at);
    return 200;
  },
  "/cached/:key": ({ key }) => (cache.get(key) === undefined ? 404 : 200),
  "/limited": () => 429,
  "/fail": () => 503,
};

const report = () => ({
  summary: getMetricsSummary(),
  endpoints: Object.keys(handlers).map((route) => getEndpointMetrics(route) ?? null),
});

const [framework] = process.argv.slice(2);
const port = await { express, fastify }[framework]();
console.log(JSON.stringify({ port }));

async function express() {
  const { default: express } = await import("express");
  const app = express();
  for (const [route, handle] of Object.entries(handlers)) {
    app.all(route, (req, res) => res.sendStatus(handle({ ...req.params, ...req.query })));
  }
  app.get("/summary-api", (_req, res) => res.json(report()));
  return listen(createServer(app));
}

async function fastify() {
  const { default: fastify } = await import("fastify");
  const app = fastify();
  for (const [url, handle] of Object.entries(handlers)) {
    app.all(url, async (req, reply) => reply.code(handle({ ...req.params, ...req.query })).send());
  }
  app.get("/summary-api", async () => report());
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server.address().port;
}

async function listen(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}
