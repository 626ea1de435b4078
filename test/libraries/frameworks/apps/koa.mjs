import { answer, fail, listening, main, refuse, rejectAt, throwAt } from "./work.mjs";

export function serve(libraries) {
  const Koa = main(libraries.koa);
  const Router = libraries.router.Router ?? main(libraries.router);
  const mount = main(libraries.mount);

  const app = new Koa();
  app.silent = true;
  app.use(async function swallow(ctx, next) {
    try {
      await next();
    } catch (error) {
      if (!ctx.path.startsWith("/swallowed")) throw error;
      ctx.status = 500;
      ctx.body = "sorry";
    }
  });
  app.use(async function report(ctx, next) {
    if (ctx.path === "/emitted") {
      try {
        throwAt("emitted");
      } catch (error) {
        ctx.status = 503;
        ctx.app.emit("error", error, ctx);
      }
    } else await next();
  });

  const orders = new Router();
  orders.get("/orders/:order", async (ctx) => {
    ctx.body = await answer(ctx.params.order);
  });
  const users = new Router({ prefix: "/users" });
  users.get("/:id", async (ctx) => {
    ctx.body = await answer(ctx.params.id);
  });
  users.use("/:id", orders.routes());

  const router = new Router();
  router.use(async (ctx, next) => {
    if (ctx.get("authorization") === "none") ctx.throw(401);
    await next();
  });
  router.get("/fails/:id", (ctx) => throwAt(ctx.params.id));
  router.get("/rejects/:id", (ctx) => rejectAt(ctx.params.id));
  router.get("/swallowed/:id", (ctx) => rejectAt(ctx.params.id));
  router.get("/refused/:id", (ctx) => refuse(ctx.params.id));
  router.get("/both/:id", async (ctx, next) => {
    if (ctx.query.pass === undefined) ctx.body = "first";
    else await next();
  });
  router.get("/both/second", (ctx) => {
    ctx.body = "second";
  });
  router.get(/^\/item-(\d+)$/, (ctx) => {
    ctx.body = "item";
  });
  router.get(`/files/${libraries.wildcard}`, (ctx) => {
    ctx.body = "file";
  });
  router.post("/tenants/:tenant", (ctx) => fail(ctx.params.tenant));

  const shop = new Koa();
  shop.use(mount("/v1", users.routes()));
  shop.use(mount("/empty", (_ctx, next) => next()));
  app.use(mount("/shop", shop));
  app.use(mount("/nothing", new Koa()));
  for (const one of [users, router]) {
    app.use(one.routes());
    app.use(one.allowedMethods());
  }
  return listening(app.listen(0, "127.0.0.1", 1000));
}
