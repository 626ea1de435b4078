import { Readable } from "node:stream";
import { handlers, thrown } from "../../../error-sources/apps/thrown.mjs";
import { brokenStream, CONSTANT, endlessStream, fail, left, pause, refusal } from "./shapes.mjs";

export function serve(libraries) {
  const { Hono } = libraries.hono;
  const app = new Hono();
  let current;
  app.onError((error, c) =>
    c.req.path.startsWith("/handled/")
      ? c.text("failed", 502)
      : c.text(error.message, error.status ?? 500),
  );
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
  addErrorSources(app, libraries.exceptions);
  return new Promise((resolve) => {
    const options = { fetch: app.fetch, port: 0, hostname: "127.0.0.1" };
    const server = libraries.server.serve(options, resolve);
    server.prependListener("request", (_request, response) => {
      current = response;
    });
  });
}

function addErrorSources(app, { HTTPException }) {
  for (const [place, handle] of Object.entries(handlers)) {
    app.get(`/${place}/:value`, (c) =>
      handle(c.req.param("value"), (status) => c.text("sent", status)),
    );
  }
  app.use("/middleware/:value", async (c, _next) => {
    throw thrown(c.req.param("value"), "middleware");
  });
  app.get("/client/:value", () => {
    throw new HTTPException(403);
  });
}
