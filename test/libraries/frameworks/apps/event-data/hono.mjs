import { claimsOf, order } from "./identity.mjs";

/** As Hono's own `jwt` middleware. */
export function serve(libraries) {
  const { Hono } = libraries.hono;
  const app = new Hono();
  app.onError((error, c) => c.text(error.message, 500));
  app.use("*", async (c, next) => {
    c.set("jwtPayload", claimsOf(c.req.raw.headers));
    await next();
  });
  app.post("/orders/:id", async (c) => {
    await c.req.json();
    return order(c.req.param("id"));
  });
  return new Promise((resolve) => {
    libraries.server.serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, resolve);
  });
}
