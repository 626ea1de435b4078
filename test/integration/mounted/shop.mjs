// Serves telltale's pages on the app's own port, with Express, Fastify or node:http, and prints its port.
import { createServer } from "node:http";
import { addHealthCheck } from "telltale";
import { healthHandler, healthPlugin, metricsHandler, metricsPlugin } from "telltale/health";

const [framework] = process.argv.slice(2);
const token = process.env.SHOP_TOKEN;
let isDown = false;
addHealthCheck({ name: "stock", run: () => ({ status: isDown ? "fail" : "pass" }) });
process.on("SIGUSR2", () => {
  isDown = true;
  console.log("down");
});

/** By path: who may read the metrics there. */
const metricsOptions = {
  "/metrics": { token },
  "/open": { authorize: () => true },
  "/asked": { authorize: async (request) => request.headers["x-role"] === "operator" },
  "/broken": {
    authorize() {
      throw new Error("no directory");
    },
  },
  "/invalid": { token: 7 },
  "/unprotected": {},
};

const port = await { express, fastify, http }[framework]();
console.log(JSON.stringify({ port }));

async function express() {
  const { default: express } = await import("express");
  const app = express();
  app.use("/health", healthHandler());
  for (const [path, options] of Object.entries(metricsOptions)) {
    app.use(path, metricsHandler(options));
  }
  app.get("/health/app", (_req, res) => res.send("of the app"));
  app.get("/", (_req, res) => res.send("shop"));
  return listen(createServer(app));
}

async function fastify() {
  const { default: fastify } = await import("fastify");
  const app = fastify();
  app.register(healthPlugin, { prefix: "/health" });
  for (const [prefix, options] of Object.entries(metricsOptions)) {
    app.register(metricsPlugin, { prefix, ...options });
  }
  app.get("/health/app", async () => "of the app");
  app.get("/", async () => "shop");
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server.address().port;
}

async function http() {
  const handlers = Object.entries({
    "/health": healthHandler(),
    ...Object.fromEntries(
      Object.entries(metricsOptions).map(([path, options]) => [path, metricsHandler(options)]),
    ),
  });
  const server = createServer((req, res) => {
    const found = handlers.find(([path]) => req.url === path || req.url.startsWith(`${path}/`));
    if (req.url === "/health/app") return res.end("of the app");
    if (found === undefined) return res.end("shop");
    req.url = req.url.slice(found[0].length) || "/";
    return found[1](req, res);
  });
  return listen(server);
}

async function listen(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}
