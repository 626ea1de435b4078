// Serves routes that block the event loop in different ways, with Express or Fastify, and prints its port.
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { trace } from "@opentelemetry/api";
import { job } from "telltale";

const BLOCK_MS = 1_000;
const database = new DatabaseSync(":memory:");
database.function("is_before", (end) => (performance.now() < end ? 1 : 0));
/**
 * A query that takes as long as it is asked to, on any processor. It looks at the clock
 * rarely: each call creates garbage, and time of garbage collection is no stall.
 */
const endless =
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i % 10000 > 0 OR is_before(?)) SELECT count(*) FROM n";

function computePrices() {
  const end = performance.now() + BLOCK_MS;
  while (performance.now() < end);
}

/** By route: what its handler does before it responds. */
const handlers = {
  "/computes": () => computePrices(),
  "/computes-after-wait": async () => {
    await wait(60);
    computePrices();
  },
  "/computes-in-span": () =>
    trace.getTracer("shop").startActiveSpan("prices", (span) => {
      computePrices();
      span.end();
    }),
  "/computes-before-query": () => {
    computePrices();
    database.prepare("SELECT 1").all();
  },
  "/queries": () => database.prepare(endless).all(performance.now() + BLOCK_MS),
  "/waits": () => wait(BLOCK_MS),
  "/steps": async () => {
    // Twenty turns of a few milliseconds each.
    for (let step = 0; step < 20; step++) {
      const end = performance.now() + 5;
      while (performance.now() < end);
      await wait(1);
    }
  },
  "/job": () => job("prices", computePrices)(),
};

const [framework] = process.argv.slice(2);
const port = await { express, fastify }[framework]();
console.log(JSON.stringify({ port }));

async function express() {
  const { default: express } = await import("express");
  const app = express();
  for (const [route, handle] of Object.entries(handlers)) {
    app.get(route, async (_req, res) => {
      await handle();
      res.sendStatus(204);
    });
  }
  const server = createServer(app);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}

async function fastify() {
  const { default: fastify } = await import("fastify");
  const app = fastify();
  for (const [route, handle] of Object.entries(handlers)) {
    app.get(route, async (_req, reply) => {
      await handle();
      return reply.code(204).send();
    });
  }
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server.address().port;
}
