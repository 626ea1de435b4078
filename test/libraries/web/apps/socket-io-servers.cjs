const { createServer } = require("node:http");
const { setTag, setUser } = require("../../../../dist/index.js");
const { pause } = require("../../../pause.cjs");
const { failTenant, log, open, report } = require("./work.cjs");

/*
 * A server of each version of Socket.IO, with telemetry calls only in `work.cjs` and
 * for user and tags. Prints the ports in one line.
 */

exports.serve = async function serve(servers) {
  const ports = {};
  for (const [name, Server] of Object.entries(servers)) {
    const server = createServer((_request, response) => response.end("plain"));
    serveSockets(new Server(server));
    ports[name] = await new Promise((resolve) => {
      server.listen(0, "127.0.0.1", 1000, () => resolve(server.address().port));
    });
  }
  // With a listener of its own, the app survives rejections.
  if (process.env.SURVIVES !== undefined) process.on("unhandledRejection", () => {});
  open(ports);
};

function serveSockets(io) {
  io.use(async (socket, next) => {
    await new Promise(setImmediate);
    const { user, refused } = socket.handshake.auth ?? {};
    if (user !== undefined) setUser({ id: user });
    log.info("connecting");
    next(refused ? new Error("refused") : undefined);
  });
  io.on("connection", serveSocket);
  io.of("/admin").on("connection", serveSocket);
}

function serveSocket(socket) {
  log.info("connected");
  socket.on("hello", (answer) => {
    log.info("received");
    answer("hello");
  });
  socket.on("throws", () => {
    throw new Error("thrown for an event");
  });
  socket.on("rejects", async () => {
    await new Promise(setImmediate);
    throw new Error("rejected for an event");
  });
  socket.on("tenant", async (tenant, answer) => {
    await failTenant(String(tenant)).catch(report);
    answer("failed");
  });
  socket.on("slow", async (name, answer) => {
    setTag("name", name);
    log.info("begins", { name });
    await pause(50);
    log.info("ends", { name });
    report(new Error(`slow ${name}`));
    answer("done");
  });
  socket.on("disconnect", () => log.info("disconnected"));
}
