import { once } from "node:events";
import { call } from "./call.mjs";
import { requireFramework } from "./modules.mjs";
import { consume, openQueue } from "./queue.mjs";
import { progress, runUnit } from "./run-unit.mjs";
import { startThread } from "./thread.mjs";

const { enqueue, close } = openQueue();
const thread = startThread();
const others = { call, enqueue, thread: thread.run };
const counts = { handled: 0 };

/** Runs a unit as a request, and counts it. */
function run(id, response) {
  counts.handled++;
  return runUnit(id, others, once(response, "close"));
}

/** Whether no unit has work left. */
const status = () => ({ ...counts, pending: progress.running + progress.pending });

const control = {
  "/status": status,
  "/end": async () => {
    await thread.end();
    await close();
    return status();
  },
};

const servers = {
  express: async () => {
    const app = requireFramework("express")();
    app.get("/run/:id", (request, response) => {
      const done = run(request.params.id, response);
      if (done === undefined) response.send("done");
      else return done.then(() => response.send("done"));
    });
    app.get("/enqueue/:id", async (request, response) => {
      await enqueue(request.params);
      response.send("added");
    });
    for (const [path, answer] of Object.entries(control))
      app.get(path, async (_request, response) => response.json(await answer()));
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    return server.address();
  },
  fastify: async () => {
    const app = requireFramework("fastify")();
    app.get("/run/:id", (request, reply) => {
      const done = run(request.params.id, reply.raw);
      return done === undefined ? Promise.resolve("done") : done.then(() => "done");
    });
    app.get("/enqueue/:id", async (request) => {
      await enqueue(request.params);
      return "added";
    });
    for (const [path, answer] of Object.entries(control)) app.get(path, () => answer());
    await app.listen({ port: 0, host: "127.0.0.1" });
    return app.server.address();
  },
  koa: async () => {
    const Koa = requireFramework("koa");
    const Router = requireFramework("@koa/router");
    const app = new (Koa.default ?? Koa)();
    app.silent = true;
    const router = new (Router.Router ?? Router)();
    router.get("/run/:id", async (context) => {
      await run(context.params.id, context.res);
      context.body = "done";
    });
    router.get("/enqueue/:id", async (context) => {
      await enqueue(context.params);
      context.body = "added";
    });
    for (const [path, answer] of Object.entries(control))
      router.get(path, async (context) => (context.body = await answer()));
    app.use(router.routes());
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    return server.address();
  },
  /** Handles the messages of all, and has a server for the test only. */
  queue: async () => {
    const worker = await consume((id, finished) => {
      counts.handled++;
      return runUnit(id, others, finished);
    });
    const { createServer } = await import("node:http");
    const server = createServer(async (request, response) => {
      if (request.url === "/end") await worker.close();
      response.end(JSON.stringify(await control[request.url]()));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return server.address();
  },
};

const { port } = await servers[process.argv[2]]();
console.log(`port ${port}`);
