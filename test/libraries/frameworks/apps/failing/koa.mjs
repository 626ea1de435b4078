import { handlers, thrown } from "../../../error-sources/apps/thrown.mjs";
import { listening, main } from "../work.mjs";
import { brokenStream, CONSTANT, endlessStream, fail, left, pause, refusal } from "./shapes.mjs";

export function serve(libraries) {
  const Koa = main(libraries.koa);
  const Router = libraries.router.Router ?? main(libraries.router);
  const app = new Koa();
  app.silent = true;
  const router = new Router();
  router.get("/throws", () => {
    throw fail("throws");
  });
  router.get("/rejects", async () => {
    await pause();
    throw fail("rejects");
  });
  router.get("/constant", () => {
    throw CONSTANT;
  });
  router.get("/refused", () => {
    throw refusal();
  });
  router.get("/late", async ({ res }) => {
    res.statusCode = 200;
    res.write("row");
    await pause();
    throw fail("late");
  });
  router.get("/stream", (ctx) => {
    ctx.body = brokenStream();
  });
  router.get("/endless", (ctx) => {
    ctx.body = endlessStream();
  });
  router.get("/destroyed", async (ctx) => {
    ctx.respond = false;
    ctx.res.statusCode = 200;
    ctx.res.write("row");
    await pause();
    ctx.res.destroy(fail("destroyed"));
  });
  router.get("/answered", ({ res }) => {
    res.statusCode = 200;
    res.end("all");
    throw fail("answered");
  });
  router.get("/after", async ({ res }) => {
    res.statusCode = 200;
    res.end("all");
    await pause();
    throw fail("after");
  });
  router.get("/left", async ({ res }) => {
    await left(res);
    throw fail("left");
  });
  addErrorSources(app, router);
  app.use(router.routes());
  return listening(app.listen(0, "127.0.0.1"));
}

function addErrorSources(app, router) {
  for (const [place, handle] of Object.entries(handlers)) {
    router.get(`/${place}/:value`, (ctx) =>
      handle(ctx.params.value, (status) => {
        ctx.status = status;
        ctx.body = "sent";
      }),
    );
  }
  router.get("/client/:value", (ctx) => ctx.throw(404));
  app.use(async (ctx, next) => {
    const [, place, value] = ctx.path.split("/");
    if (place === "middleware") throw thrown(value, place);
    if (place !== "handled") return next();
    try {
      return await next();
    } catch {
      ctx.status = 502;
      ctx.body = "failed";
    }
  });
}
