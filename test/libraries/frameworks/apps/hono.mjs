import { answer, fail, refuse, rejectAt, throwAt } from "./work.mjs";

export function serve(libraries) {
  const { Hono } = libraries.hono;
  const users = new Hono();
  users.get("/:id", async (c) => c.json(await answer(c.req.param("id"))));
  users.get("/:id/orders/:order", async (c) => c.json(await answer(c.req.param("order"))));

  const own = new Hono();
  own.onError((_error, c) => c.text("sorry", 500));
  own.get("/:id", async (c) => rejectAt(c.req.param("id")));

  const app = new Hono();
  app.use("*", async function who(c, next) {
    if (c.req.header("authorization") === "none") return c.text("who?", 401);
    await next();
  });
  app.onError((error, c) =>
    error.status === 400 ? c.text("refused", 400) : c.text("Internal Server Error", 500),
  );
  app.route("/users", users);
  app.route("/api", new Hono().basePath("/v1").route("/users", users));
  app.route("/swallowed", own);
  app.get("/fails/:id", (c) => throwAt(c.req.param("id")));
  app.get("/rejects/:id", (c) => rejectAt(c.req.param("id")));
  app.get("/refused/:id", (c) => refuse(c.req.param("id")));
  app.get("/files/*", (c) => c.text("file"));
  app.all("/any/:id", (c) => c.text("any"));
  app.use("/stopped/*", async (_c, _next) => throwAt("before the handler"));
  app.get("/stopped/:id", (c) => c.text("never"));
  app.post("/tenants/:tenant", (c) => fail(c.req.param("tenant")));
  return new Promise((resolve) => {
    libraries.server.serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, resolve);
  });
}
