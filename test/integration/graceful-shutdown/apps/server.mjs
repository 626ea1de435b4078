// Serves `/` at once, `/slow` and `/slower` after some time, and `/never` not at all, by a framework.
// Arguments: the framework, and `function` if the app calls gracefulShutdown.
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { createRequire } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import { gracefulShutdown, job } from "telltale";

const [framework, mode] = process.argv.slice(2);
const require = createRequire(
  new URL("../../../libraries/frameworks/package.json", import.meta.url),
);

/** How long each path takes, in milliseconds. */
const durations = { "/slow": 1000, "/slower": 60_000, "/never": 2 ** 31 - 1 };

async function answer(path) {
  const duration = durations[path];
  if (duration === undefined) return;
  console.log(`started ${path}`);
  await pause(duration);
}

async function listener(request, response) {
  await answer(request.url);
  response.end("done");
}

const listening = (server) =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve({ server, port: server.address().port }));
  });

const tls = { key: process.env.TLS_KEY, cert: process.env.TLS_CERT };

const frameworks = {
  http: () => listening(createServer(listener)),
  https: () => listening(createHttpsServer(tls, listener)),
  http2: () => listening(createHttp2Server(listener)),
  async express() {
    const app = require("express")();
    app.use(listener);
    return listening(createServer(app));
  },
  async koa() {
    const Koa = require("koa");
    const app = new Koa();
    app.use(async (context) => {
      await answer(context.url);
      context.body = "done";
    });
    return listening(createServer(app.callback()));
  },
  async fastify() {
    const app = require("fastify")();
    app.get("/*", async (request) => {
      await answer(request.url);
      return "done";
    });
    app.addHook("onClose", async () => console.log("onClose"));
    await app.listen({ port: 0, host: "127.0.0.1" });
    return { server: app, port: app.server.address().port };
  },
};

const { server, port } = await frameworks[framework]();
if (mode === "function") {
  gracefulShutdown(server, {
    ...JSON.parse(process.env.OPTIONS ?? "{}"),
    onDrain: (signal) => {
      console.log(`onDrain ${signal}`);
      void job("last", async () => {
        await pause(300);
        console.log("job done");
      })();
    },
    onShutdown: async () => {
      console.log("onShutdown");
      await pause(50);
      console.log("closed");
    },
  });
}
process.on("exit", () => console.log("exit"));
console.log(JSON.stringify({ port }));
