import { once } from "node:events";
import express from "express";
import { captureException, flush } from "telltale";

/*
 * A service whose orders fail in different ways. Prints its port. Run with `--expose-gc`.
 */
const app = express();

app.get("/orders/:id", (request, response) => {
  response.json({ id: request.params.id });
});

app.get("/failing/:id", (request) => {
  throw new Error(`order ${request.params.id} failed`);
});

/** Data of an event, as long as telltale sends it. */
const extra = { request: "x".repeat(10_000), response: "x".repeat(10_000) };

/** Captures errors as fast as it can, and responds when all are captured. */
app.get("/storm/:count", async (request, response) => {
  const count = Number(request.params.count);
  for (let index = 0; index < count; index++) {
    captureException(new Error(`storm ${index}`), { extra });
    if (index % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  response.json({ count });
});

/** Responds with the bytes that are in use. */
app.get("/memory", async (_request, response) => {
  globalThis.gc();
  // Buffers are released after the collection.
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  response.json({ used: heapUsed + external, rss });
});

app.get("/flush", async (_request, response) => {
  response.json({ isSent: await flush(60_000) });
});

const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
console.log(`port ${server.address().port}`);
