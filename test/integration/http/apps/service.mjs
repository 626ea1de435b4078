import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { trace } from "@opentelemetry/api";
import { seen, watch } from "./watch.mjs";

/*
 * Servers of every kind with responses of every kind. Only `/seen` uses telemetry.
 * Prints the ports of its servers as JSON.
 */

/** Handlers by path. */
const answers = {
  "/hello": (_request, response) => response.end("hello"),
  "/counted": (_request, response) => {
    response.writeHead(200, { "content-length": 7 }).end("counted");
  },
  "/empty": (_request, response) => response.writeHead(204).end(),
  "/known": (_request, response) => response.writeHead(304, { etag: '"1"' }).end(),
  "/parts": (_request, response) => {
    response.write("one ");
    response.write("two ");
    response.end("three");
  },
  "/slow": (_request, response, query) => {
    setTimeout(() => response.end(`after ${query.get("ms")}`), Number(query.get("ms")));
  },
  "/big": (_request, response, query) => response.end("x".repeat(Number(query.get("bytes")))),
  "/informed": (_request, response) => {
    response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
    response.writeProcessing();
    response.end("informed");
  },
  "/body": async (request, response) => {
    let bytes = 0;
    try {
      for await (const part of request) bytes += part.length;
    } catch {
      return;
    }
    response.end(`${bytes} bytes`);
  },
  "/paused": (_request, response) => response.end("without reading"),
  "/never": (_request, response) => response.write("soon"),
  "/silent": (request) => request.socket.write("HTTP/1.1 102 Processing\r\n\r\n"),
  "/destroyed": (_request, response) => {
    response.write("the end is near");
    setTimeout(() => response.destroy(), 1);
  },
  "/failed": (_request, response) => response.writeHead(503).end("failed"),
  "/reason": (_request, response) => response.writeHead(200, "Öl & 'more'").end(),
  "/trailers": (_request, response) => {
    response.writeHead(200, { trailer: "x-sum" });
    response.write("body");
    response.addTrailers({ "x-sum": "1" });
    response.end();
  },
  "/flushed": (_request, response) => {
    response.flushHeaders();
    setTimeout(() => response.end("flushed"), 1);
  },
  "/again": (request, response) => {
    request.url = request.url.replace("/again", "/hello");
    servers.plain.emit("request", request, response);
  },
  "/elsewhere": (request, response) => {
    request.url = request.url.replace("/elsewhere", "/hello");
    servers.tls.emit("request", request, response);
  },
  "/listeners": (request, response) => {
    const { socket } = request;
    const counts = socket.eventNames().map((name) => [String(name), socket.listenerCount(name)]);
    response.end(JSON.stringify(Object.fromEntries(counts)));
  },
  "/id": (_request, response, query) => ids[query.get("form")](response),
  "/connections": async (_request, response) => {
    while (!connections.some(([event]) => event === "close")) await setImmediate();
    response.end(JSON.stringify(connections));
  },
  "/watched": watch,
  "/seen": async (_request, response, query) => {
    response.end(JSON.stringify(await seen(query.get("name"))));
  },
};

/** Every way in which an app may set headers, including the request id. */
const ids = {
  none: (response) => response.end(),
  explicit: (response) => response.writeHead(200).end(),
  other: (response) => response.setHeader("x-other", "1").end(),
  setHeader: (response) => response.setHeader("x-request-id", "own").end(),
  setHeaderMixed: (response) => response.setHeader("X-Request-Id", "own").end(),
  setHeaderList: (response) => response.setHeader("x-request-id", ["own", "second"]).end(),
  setHeaders: (response) => response.setHeaders(new Headers({ "x-request-id": "own" })).end(),
  appended: (response) => response.appendHeader("x-request-id", "own").end(),
  object: (response) => response.writeHead(200, { "x-request-id": "own" }).end(),
  objectMixed: (response) => response.writeHead(200, { "X-Request-ID": "own" }).end(),
  objectOther: (response) => response.writeHead(200, { "content-type": "text/plain" }).end(),
  objectBare: (response) =>
    response.writeHead(200, Object.assign(Object.create(null), { "X-Request-Id": "own" })).end(),
  both: (response) => response.setHeader("a", "1").writeHead(200, { "X-request-id": "own" }).end(),
  flat: (response) => response.writeHead(200, ["x-request-id", "own"]).end(),
  flatMixed: (response) => response.writeHead(200, ["a", "1", "X-REQUEST-ID", "own"]).end(),
  flatExposed: (response) =>
    response.writeHead(200, ["access-control-expose-headers", "x-request-id"]).end(),
  pairs: (response) => response.writeHead(200, [["x-request-id", "own"]]).end(),
  pairsExposed: (response) =>
    response.writeHead(200, [["access-control-expose-headers", "x-request-id"]]).end(),
  message: (response) => response.writeHead(200, "Fine", { "x-request-id": "own" }).end(),
  flushed: (response) => {
    response.setHeader("X-Request-Id", "own");
    response.flushHeaders();
    response.end();
  },
  asked: (response) => {
    const asked = [response.getHeaders(), response.getHeaderNames()];
    response.end(JSON.stringify([...asked, response.hasHeader("x-request-id")]));
  },
};

function answer(request, response) {
  // An absolute target is a complete URL.
  const { pathname, searchParams } = new URL(request.url, "http://service");
  const found = answers[pathname];
  if (found === undefined) response.writeHead(404).end();
  else found(request, response, searchParams);
}

/** Active spans in the callbacks of the connections of `observed`, where there should be none. */
const connections = [];

function observe(server) {
  server.on("connection", (socket) => {
    for (const event of ["end", "timeout", "close"]) {
      socket.on(event, () => {
        connections.push([event, trace.getActiveSpan() !== undefined]);
      });
    }
  });
  return server;
}

/** Handles all events by which an app replaces the responses of Node. */
function handle(server) {
  server.on("checkContinue", (request, response) => {
    if (request.url.startsWith("/paused")) {
      response.writeHead(413, { connection: "close" }).end("too large");
      return;
    }
    response.writeContinue();
    server.emit("request", request, response);
  });
  server.on("checkExpectation", (request, response) => {
    response.writeHead(200, { connection: "close" }).end(`as ${request.headers.expect}`);
  });
  server.on("upgrade", (request, socket) => {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on("data", (data) => socket.end(data));
  });
  server.on("connect", (request, socket) => {
    socket.write(`HTTP/1.1 200 to ${request.url}\r\n\r\n`);
    socket.on("data", (data) => socket.end(data));
  });
  server.on("clientError", (error, socket) => {
    socket.end(`HTTP/1.1 418 ${error.code}\r\nConnection: close\r\n\r\n`);
  });
  return server;
}

class Server extends http.Server {
  emit(event, ...args) {
    if (event === "request") this.requests = (this.requests ?? 0) + 1;
    return super.emit(event, ...args);
  }
}

class Response extends http.ServerResponse {
  writeHead(...args) {
    this.setHeader("x-subclass", "1");
    return super.writeHead(...args);
  }
}

const servers = {
  plain: http.createServer(answer),
  handling: handle(http.createServer(answer)),
  subclass: new Server({ ServerResponse: Response }, answer),
  lenient: http.createServer({ insecureHTTPParser: true }, answer),
  hostless: http.createServer({ requireHostHeader: false }, answer),
  large: http.createServer({ maxHeaderSize: 100_000 }, answer),
  impatient: http.createServer(
    { requestTimeout: 200, headersTimeout: 200, connectionsCheckingInterval: 20 },
    answer,
  ),
  brief: http.createServer(answer).setTimeout(200),
  limited: Object.assign(http.createServer(answer), { maxRequestsPerSocket: 2 }),
  tls: https.createServer(
    { key: readFileSync(process.argv[2]), cert: readFileSync(process.argv[3]) },
    answer,
  ),
  observed: observe(http.createServer(answer)),
  unheard: http.createServer().setTimeout(200),
};

/** Their time limits begin with the connection, and a client of a busy machine may send nothing for longer. */
const timed = ["impatient", "brief", "unheard"];

/** Creates a server that passes a connection on to another server as soon as there is data on it. */
function withData(server) {
  return net.createServer({ allowHalfOpen: true }, (socket) => {
    // Until then another one listens to it.
    socket.on("error", () => {});
    socket.once("readable", () => server.emit("connection", socket));
  });
}

async function listen(server) {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server.address().port;
}

const ports = {};
for (const [name, server] of Object.entries(servers)) {
  ports[name] = await listen(server);
  if (timed.includes(name)) ports[name] = await listen(withData(server));
}
console.log(JSON.stringify(ports));
