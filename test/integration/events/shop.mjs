// Serves routes that log events, with Express or Fastify, requests each once, and ends.
import { createServer } from "node:http";
import { logPerformance, logSecurityEvent, setUser, time } from "../../../dist/index.js";

/** What each route does. */
const routes = {
  "/import/:id": async () => {
    logPerformance("render", 0.42, { pages: 12, apiKey: "swordfish9" });
    return { same: await time("import", async () => "done", { orders: 3 }) };
  },
  "/fail": async () => {
    const error = Object.assign(new Error("no stock"), { code: "ENOSTOCK" });
    const caught = [];
    await time("restock", () => Promise.reject(error)).catch((one) => caught.push(one));
    try {
      time("restock", () => {
        throw error;
      });
    } catch (one) {
      caught.push(one);
    }
    return { same: caught.every((one) => one === error) && caught.length };
  },
  "/login/:name": async () => {
    setUser({ id: "u7" });
    logSecurityEvent("failed_login", { account: "ada" });
    logSecurityEvent("odd_basket", { severity: "critical", message: "an odd basket" });
    return { same: true };
  },
  "/limited/:id": async (reply) => {
    reply.status(429);
    return { same: true };
  },
  "/misuse": async () => {
    const broken = {
      get field() {
        throw new Error("broken");
      },
    };
    logPerformance("render", NaN);
    logPerformance("render", 1, broken);
    logSecurityEvent("");
    logSecurityEvent("login", { severity: "harmless" });
    return { same: time("broken", () => 7, broken) };
  },
};

const port = await { express, fastify }[process.argv[2]]();
const paths = ["/import/7", "/fail", "/login/ada", "/misuse", "/limited/7", "/limited/8"];
for (const path of paths) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { "x-request-id": `id-${path.split("/")[1]}` },
  });
  console.log(path, (await response.json()).same);
}
for (let id = 0; id < 300; id++) logPerformance(`order ${id}`, 1);
process.exit();

async function express() {
  const { default: express } = await import("express");
  const app = express();
  for (const [path, work] of Object.entries(routes)) {
    app.get(path, async (req, res) => res.json(await work(res)));
  }
  const server = createServer(app);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}

async function fastify() {
  const { default: fastify } = await import("fastify");
  const app = fastify();
  for (const [path, work] of Object.entries(routes)) app.get(path, (req, reply) => work(reply));
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server.address().port;
}
