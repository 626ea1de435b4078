const { createServer } = require("node:http");
const { setTag, setUser } = require("../../../../dist/index.js");
const { pause } = require("../../../pause.cjs");
const { failTenant, log, open, report } = require("./work.cjs");

/*
 * Servers of `ws`, with telemetry calls only in `work.cjs` and for the user: one that
 * accepts a single path, and one with `noServer` that checks each upgrade first.
 * Prints the ports in one line, with a prefix for each version of `ws`.
 */

exports.serve = async function serve(versions) {
  const ports = {};
  for (const [prefix, ws] of Object.entries(versions)) {
    for (const [name, make] of Object.entries({ routed, bare })) {
      const server = make(ws);
      ports[`${prefix}-${name}`] = await portOf(server);
    }
  }
  // With a listener of its own, the app survives rejections.
  if (process.env.SURVIVES !== undefined) process.on("unhandledRejection", () => {});
  open(ports);
};

function portOf(server) {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", 1000, () => resolve(server.address().port));
  });
}

function routed({ WebSocket, WebSocketServer }) {
  const server = createServer((request, response) => dial(WebSocket, request, response));
  const sockets = new WebSocketServer({
    server,
    path: "/chat",
    verifyClient: ({ req }, answer) => {
      setImmediate(() => answer(req.headers.origin !== "http://evil"));
    },
  });
  sockets.on("connection", serveSocket);
  return server;
}

/** Connects to another WebSocket server, and responds with its message. */
function dial(WebSocket, request, response) {
  const { searchParams } = new URL(request.url, "http://localhost");
  const socket = new WebSocket(searchParams.get("url"), { headers: { "x-app": "1" } });
  socket.on("open", () => socket.send("where"));
  socket.on("message", (data) => {
    log.info("answered");
    response.end(String(data));
    socket.close();
  });
  socket.on("error", (error) => response.writeHead(502).end(error.message));
}

function bare({ WebSocketServer }) {
  const server = createServer((_request, response) => response.end("plain"));
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", async (request, socket, head) => {
    const { pathname } = new URL(request.url, "http://localhost");
    log.info("upgrades");
    await new Promise(setImmediate);
    if (pathname === "/refused") {
      socket.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    } else if (pathname === "/lost") socket.destroy();
    else sockets.handleUpgrade(request, socket, head, serveSocket);
  });
  return server;
}

function serveSocket(socket, request) {
  const { traceparent = "", "x-user": user } = request.headers;
  if (user !== undefined) setUser({ id: user });
  log.info("connected");
  socket.on("message", (data) => {
    const text = String(data);
    const [word, argument] = text.split(" ");
    messages[word]?.(socket, argument, traceparent);
  });
  socket.on("message", async (data) => {
    const [word, argument] = String(data).split(" ");
    await asyncMessages[word]?.(socket, argument);
  });
  socket.on("close", () => log.info("closed"));
}

const messages = {
  hello: (socket) => {
    log.info("received");
    socket.send("hello");
  },
  login: (socket, user) => {
    setUser({ id: user });
    socket.send("welcome");
  },
  where: (socket, _argument, traceparent) => socket.send(traceparent),
  throws: () => {
    throw new Error("thrown in a message");
  },
};

const asyncMessages = {
  tenant: async (socket, tenant) => {
    await failTenant(tenant).catch(report);
    socket.send("failed");
  },
  rejects: async () => {
    await new Promise(setImmediate);
    throw new Error("rejected in a message");
  },
  slow: async (socket, name) => {
    setTag("name", name);
    log.info("begins", { name });
    await pause(50);
    log.info("ends", { name });
    report(new Error(`slow ${name}`));
    socket.send(`done ${name}`);
  },
};
