import domain from "node:domain";
import { EventEmitter, once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { PassThrough } from "node:stream";
import { trace } from "@opentelemetry/api";

/*
 * Requests without a network, and emitters patched by others: `GET /NAME` runs one
 * case, and responds with its result.
 */

const span = () => trace.getActiveSpan() !== undefined;

/** Creates a server that calls `respond` with each request and whether a span is active. */
function serverOf(respond) {
  return http.createServer((request, response) => respond(request, response, span()));
}

/** Creates a request as libraries do that call a server without a network. */
function createRequest(url) {
  const request = new http.IncomingMessage({ remoteAddress: "10.1.2.3", end() {}, destroy() {} });
  return Object.assign(request, { method: "GET", url, headers: { host: "made.example" } });
}

async function endOf(response) {
  const parts = [];
  const socket = new PassThrough().on("data", (part) => parts.push(part));
  response.assignSocket(socket);
  await once(response, "finish");
  return Buffer.concat(parts).toString();
}

const cases = {
  synthetic: async () => {
    const server = serverOf((_request, response, active) => response.end(String(active)));
    const request = createRequest("/made?by=hand");
    const response = new http.ServerResponse(request);
    const head = endOf(response);
    server.emit("request", request, response);
    const text = await head;
    return { ok: text.startsWith("HTTP/1.1 200"), hasId: text.includes("x-request-id: ") };
  },
  aborted: async () => {
    const server = serverOf((_request, response) => response.destroy());
    const request = createRequest("/made?by=hand");
    const response = new http.ServerResponse(request);
    response.assignSocket(new PassThrough());
    const closed = once(response, "close");
    server.emit("request", request, response);
    await closed;
    return { destroyed: response.destroyed };
  },
  nothing: () => [http.createServer().emit("request"), serverOf(() => {}).emit("request", null)],
  plain: () => {
    let answered;
    const server = serverOf((_request, response) => response.end("plain"));
    server.emit("request", { url: "/" }, { end: (text) => (answered = text) });
    return { answered };
  },
  frozen: () => {
    let asked = 0;
    const server = serverOf(() => asked++);
    const request = Object.freeze(createRequest("/frozen"));
    server.emit("request", request, Object.freeze(new http.ServerResponse(request)));
    return { asked };
  },
  hostile: () => {
    let asked = 0;
    const server = serverOf(() => asked++);
    const refuse = () => {
      throw new Error("not mine");
    };
    const request = new Proxy({}, { get: refuse, set: refuse, has: refuse });
    server.emit("request", request, request);
    return { asked };
  },
  http2: async () => {
    const inner = serverOf((_request, response) => response.end("two"));
    const outer = http2.createServer((...args) => inner.emit("request", ...args)).listen(0);
    await once(outer, "listening");
    const session = http2.connect(`http://127.0.0.1:${outer.address().port}`);
    const stream = session.request({ ":path": "/made?by=hand" }).setEncoding("utf8");
    let text = "";
    for await (const part of stream) text += part;
    session.close();
    outer.close();
    return { text };
  },
  "early server": async () => {
    const server = globalThis.early.listen(0);
    await once(server, "listening");
    const response = await fetch(`http://127.0.0.1:${server.address().port}/made?by=hand`);
    const found = { text: await response.text(), hasId: response.headers.has("x-request-id") };
    server.close();
    server.closeAllConnections();
    return found;
  },
  domain: async () => {
    const caught = domain.create();
    const inDomain = caught.run(() => http.createServer());
    const error = once(caught, "error");
    inDomain.emit("error", new Error("to the domain"));
    return { message: (await error)[0].message };
  },
  "replaced emit": () => {
    const { emit } = EventEmitter.prototype;
    const seen = [];
    EventEmitter.prototype.emit = function (event, ...args) {
      if (this instanceof http.Server) seen.push(event);
      return emit.call(this, event, ...args);
    };
    try {
      http.createServer().emit("own");
      return { seen };
    } finally {
      EventEmitter.prototype.emit = emit;
    }
  },
  "a wrapped emit": async () => {
    const own = http.createServer((_request, response) => response.end("wrapped"));
    const { emit } = own;
    const seen = [];
    own.emit = function (...args) {
      seen.push(args[0]);
      return emit.apply(this, args);
    };
    await once(own.listen(0), "listening");
    const response = await fetch(`http://127.0.0.1:${own.address().port}/made?by=hand`);
    const text = await response.text();
    own.close();
    own.closeAllConnections();
    return { text, asked: seen.includes("request") };
  },
  "monitored error": () => {
    const seen = [];
    const server = http.createServer();
    server.on(EventEmitter.errorMonitor, (error) => seen.push(error.message));
    try {
      server.emit("error", new Error("unheard"));
    } catch (error) {
      seen.push(`thrown ${error.message}`);
    }
    return { seen };
  },
};

const server = http.createServer(async (request, response) => {
  const run = cases[decodeURIComponent(request.url.slice(1))];
  const found = await Promise.resolve()
    .then(run)
    .catch((error) => ({ thrown: error.stack }));
  response.end(JSON.stringify(found));
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ plain: server.address().port })));
