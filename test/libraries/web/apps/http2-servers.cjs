const { fastify } = require("fastify");
const { failTenant, open, report } = require("./work.cjs");

/*
 * HTTP/2 servers of every kind, with telemetry calls only in `work.cjs`. Prints the
 * ports in one line, by the servers' names.
 */

exports.serve = async function serve({ createServer, createSecureServer }) {
  const tls = { key: process.env.TLS_KEY, cert: process.env.TLS_CERT, allowHTTP1: true };
  const streams = createServer();
  streams.on("stream", answerStream);
  const routes = fastify({ http2: true });
  routes.get("/items/:id", async (request) => ({ id: request.params.id }));
  routes.get("/broken/:id", async (request) => {
    throw new Error(`item ${request.params.id} is broken`);
  });
  routes.post("/tenants/:tenant", (request) => failTenant(request.params.tenant));
  await routes.ready();
  const servers = {
    compat: createServer(answer),
    secure: createSecureServer(tls, answer),
    streams,
    fastify: routes.server,
  };
  const ports = {};
  for (const [name, server] of Object.entries(servers)) ports[name] = await portOf(server);
  open(ports);
};

function portOf(server) {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });
}

/** Waits until the client has what was sent: it drops data that it reads together with a reset. */
function received({ session }) {
  return new Promise((resolve) => session.ping(resolve));
}

function answer(request, response) {
  const [path] = request.url.split("?");
  const handler = answers[path];
  if (handler !== undefined) return handler(request, response);
  const tenant = /^\/tenants\/(\d+)$/.exec(path)?.[1];
  if (tenant === undefined) return response.writeHead(404).end();
  failTenant(tenant).catch((error) => {
    report(error);
    response.writeHead(500).end();
  });
}

const answers = {
  "/hello": (request, response) => {
    response.setHeader("X-Own", "1");
    response.end(`hello by ${request.httpVersion}`);
  },
  "/named": (_request, response) => {
    response.writeHead(200, { "X-Request-Id": "mine" }).end();
  },
  "/body": async (request, response) => {
    let bytes = 0;
    for await (const part of request) bytes += part.length;
    response.end(`${bytes} bytes`);
  },
  "/failed": (_request, response) => response.writeHead(503).end("failed"),
  "/trailers": (_request, response) => {
    response.write("body");
    response.addTrailers({ "x-sum": "1" });
    response.end();
  },
  "/push": (_request, response) => {
    response.createPushResponse({ ":path": "/pushed.css" }, (error, pushed) => {
      if (error === null || error === undefined) pushed.end("css");
      response.end("pushed");
    });
  },
  "/never": (_request, response) => response.write("soon"),
  "/destroyed": async (_request, response) => {
    response.write("soon");
    await received(response.stream);
    response.destroy(new Error("the response is broken"));
  },
  "/goaway": (_request, response) => {
    response.stream.session.goaway(0, 1, Buffer.from("later"));
    response.end("bye");
  },
  "/headers-thereafter": (_request, response) => {
    response.setHeader("x-own", "1");
    response.write("-");
    response.end(JSON.stringify(response.getHeaderNames()));
  },
  "/throws": () => {
    throw new Error("thrown in a handler");
  },
  "/rejects": async () => {
    throw new Error("rejected in a handler");
  },
};

function answerStream(stream, headers) {
  const [path] = headers[":path"].split("?");
  const handler = streamAnswers[path];
  if (handler !== undefined) return handler(stream);
  const tenant = /^\/tenants\/(\d+)$/.exec(path)?.[1];
  if (tenant === undefined) return stream.respond({ ":status": 404 }, { endStream: true });
  failTenant(tenant).catch((error) => {
    report(error);
    stream.respond({ ":status": 500 }, { endStream: true });
  });
}

const streamAnswers = {
  "/hello": (stream) => {
    stream.respond({ ":status": 200, "x-own": "1" });
    stream.end("hello");
  },
  "/named": (stream) => {
    stream.respond({ "x-request-id": "mine" }, { endStream: true });
  },
  "/plain": (stream) => {
    stream.respond();
    stream.end("plain");
  },
  "/file": (stream) => stream.respondWithFile(__filename, { "x-own": "file" }),
  "/failed": (stream) => stream.respond({ ":status": 503 }, { endStream: true }),
  "/informed": (stream) => {
    stream.additionalHeaders({ ":status": 103, link: "</style.css>; rel=preload; as=style" });
    stream.respond({ ":status": 200 });
    stream.end("informed");
  },
  "/trailers": (stream) => {
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "1" }));
    stream.end("body");
  },
  "/push": (stream) => {
    stream.pushStream({ ":path": "/pushed.css" }, (error, pushed) => {
      if (error === null || error === undefined) {
        pushed.respond({ ":status": 200 });
        pushed.end("css");
      }
      stream.respond({ ":status": 200 });
      stream.end("pushed");
    });
  },
  "/never": (stream) => {
    stream.respond({ ":status": 200 });
    stream.write("soon");
  },
  "/destroyed": async (stream) => {
    stream.on("error", () => {}).respond({ ":status": 200 });
    stream.write("soon");
    await received(stream);
    stream.destroy(new Error("the stream is broken"));
  },
  "/refused": (stream) => stream.on("error", () => {}).close(7),
  "/throws": () => {
    throw new Error("thrown for a stream");
  },
  "/answers-twice": (stream) => {
    stream.respond({ ":status": 200 });
    stream.respond({ ":status": 200 });
  },
};
