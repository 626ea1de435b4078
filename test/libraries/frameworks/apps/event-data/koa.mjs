import { listening, main } from "../work.mjs";
import { claimsOf, order, readJson } from "./identity.mjs";

/** As koa-jwt and koa-bodyparser. */
export function serve(libraries) {
  const Koa = main(libraries.koa);
  const Router = libraries.router.Router ?? main(libraries.router);
  const app = new Koa();
  app.silent = true;
  app.use(async (ctx, next) => {
    ctx.state.user = claimsOf(ctx.headers);
    ctx.request.body = await readJson(ctx.req);
    ctx.body = { of: "the response" };
    await next();
  });
  const router = new Router();
  router.post("/orders/:id", (ctx) => order(ctx.params.id));
  app.use(router.routes());
  return listening(app.listen(0, "127.0.0.1"));
}
