// Serves the same routes with Express, Fastify or HTTP/2, and prints its port.
import { createServer } from "node:http";
import http2 from "node:http2";
import { setTimeout } from "node:timers/promises";

const [framework] = process.argv.slice(2);
const port = await { express, fastify, http2: overHttp2 }[framework]();
console.log(JSON.stringify({ port }));

async function express() {
  const { default: express } = await import("express");
  const app = express();
  app.get("/items/:id", (req, res) => res.json({ id: req.params.id }));
  app.get("/reset/:code", (req, res) => res.send("reset"));
  app.post("/items", express.json(), (req, res) => res.status(201).json(req.body));
  app.get("/fail", () => {
    throw new Error("no stock");
  });
  app.get("/stream", (req, res) => {
    res.write("a".repeat(1000));
    res.end("b".repeat(1000));
  });
  app.get("/events", (req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" });
    void waitOnce().then(() => res.end("data: 1\n\n"));
  });
  app.get("/hang", () => console.log("hanging"));
  app.get("/report", async (req, res) => res.json(await report(req.socket.localPort)));
  return listen(withUpgrade(createServer(app)));
}

async function fastify() {
  const { default: fastify } = await import("fastify");
  const app = fastify();
  app.get("/items/:id", async (req) => ({ id: req.params.id }));
  app.get("/reset/:code", async () => "reset");
  app.post("/items", async (req, reply) => reply.code(201).send(req.body));
  app.get("/fail", async () => {
    throw new Error("no stock");
  });
  app.get("/stream", (req, reply) => {
    reply.hijack();
    reply.raw.write("a".repeat(1000));
    reply.raw.end("b".repeat(1000));
  });
  app.get("/events", (req, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "text/event-stream" });
    void waitOnce().then(() => reply.raw.end("data: 1\n\n"));
  });
  app.get("/hang", () => {
    console.log("hanging");
    return new Promise(() => {});
  });
  app.get("/report", async (req) => report(req.socket.localPort));
  withUpgrade(app.server);
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server.address().port;
}

async function overHttp2() {
  const server = http2.createServer((req, res) => {
    if (req.method === "POST") return req.pipe(res);
    if (req.url === "/fail") return res.writeHead(500).end();
    res.writeHead(200, { "content-length": 4 });
    return res.end(req.method === "HEAD" ? undefined : "item");
  });
  return listen(server);
}

/** Calls another route twice at the same time, and the database once. */
async function report(port) {
  const { DatabaseSync } = await import("node:sqlite");
  const get = async () => (await fetch(`http://127.0.0.1:${port}/items/1`)).json();
  await Promise.all([get(), get()]);
  const database = new DatabaseSync(":memory:");
  const rows = database.prepare("SELECT 7 AS sum").all();
  database.close();
  await waitOnce();
  return rows;
}

/** Takes longer than the lowest limit of slow requests. */
function waitOnce() {
  return setTimeout(30);
}

function withUpgrade(server) {
  return server.on("upgrade", (req, socket) => {
    socket.end("HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n");
  });
}

async function listen(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}
