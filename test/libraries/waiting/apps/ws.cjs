const { createServer } = require("node:http");

/** One connection with compression, for which messages are queued. */
module.exports = async ({ load, installed }) => {
  const { WebSocket, WebSocketServer, Server = WebSocketServer } = load(installed);
  const Client = WebSocket ?? load(installed);
  const perMessageDeflate = { concurrencyLimit: 1, threshold: 0 };
  const server = createServer();
  new Server({ server, perMessageDeflate }).on("connection", (socket) => {
    socket.on("message", () => {});
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const socket = {
    make() {
      const made = new Client(`ws://127.0.0.1:${server.address().port}`, { perMessageDeflate });
      const opened = new Promise((resolve) => made.once("open", resolve));
      return { made, opened };
    },
    end: ({ made }) => made.terminate(),
  };
  return {
    "send(callback)": {
      ...socket,
      async ask({ made, opened }, done) {
        await opened;
        made.send("a".repeat(1000), (error) => done(error));
      },
      // The first call includes the handshake.
      calls: "any",
    },
    "ping(callback)": {
      ...socket,
      async ask({ made, opened }, done) {
        await opened;
        made.send("a".repeat(1000));
        made.ping("a", true, (error) => done(error));
      },
      calls: "any",
    },
  };
};
