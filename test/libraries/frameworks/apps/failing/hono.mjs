import { Readable } from "node:stream";
import { brokenStream, CONSTANT, endlessStream, fail, left, pause, refusal } from "./shapes.mjs";

export function serve(libraries) {
  const { Hono } = libraries.hono;
  const app = new Hono();
  let current;
  app.onError((error, c) => c.text(error.message, error.status ?? 500));
  app.get("/throws", () => {
    throw fail("throws");
  });
  app.get("/rejects", async () => {
    await pause();
    throw fail("rejects");
  });
  app.get("/constant", () => {
    throw CONSTANT;
  });
  app.get("/refused", () => {
    throw refusal();
  });
  app.get("/stream", (c) => c.body(Readable.toWeb(brokenStream())));
  app.get("/endless", (c) => c.body(Readable.toWeb(endlessStream())));
  app.get("/events", (c) =>
    libraries.streaming.streamSSE(c, async (events) => {
      await events.writeSSE({ data: "row" });
      throw fail("events");
    }),
  );
  app.get("/left", async () => {
    await left(current);
    throw fail("left");
  });
  return new Promise((resolve) => {
    const options = { fetch: app.fetch, port: 0, hostname: "127.0.0.1" };
    const server = libraries.server.serve(options, resolve);
    server.prependListener("request", (_request, response) => {
      current = response;
    });
  });
}
