import { request } from "node:http";
import { listening, main, rejectAt } from "./work.mjs";

/* Produces an unhandled rejection in the named framework: its only request ends the process. */
const apps = {
  async koa() {
    const Koa = main(await import("koa"));
    const { Router } = await import("@koa/router");
    const router = new Router();
    router.get("/users/:id", (ctx) => rejectAt(ctx.params.id));
    const app = new Koa();
    app.use((ctx, next) => {
      void next();
      ctx.body = "ok";
    });
    app.use(router.routes());
    return app.listen(0, "127.0.0.1");
  },
  async express4() {
    const app = main(await import("express4"))();
    app.get("/users/:id", ({ params }) => rejectAt(params.id));
    return app.listen(0, "127.0.0.1");
  },
  async fastify() {
    const { fastify } = await import("fastify");
    const app = fastify();
    app.addHook("onRequest", async ({ url }) => void rejectAt(url));
    app.get("/users/:id", () => "ok");
    await app.listen({ port: 0, host: "127.0.0.1" });
    return app.server;
  },
};

const server = await apps[process.argv[2]]();
const { port } = server.listening ? server.address() : await listening(server);
request({ host: "127.0.0.1", port, path: "/users/42" })
  .on("error", () => {})
  .end();
