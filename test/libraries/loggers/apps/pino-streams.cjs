const { createServer } = require("node:http");
const { once } = require("node:events");

/**
 * Writes one line through each kind of stream of pino: one that writes to the
 * console, a prettifier in this thread and in another, a transport that writes to the
 * console of its thread, and several streams at once.
 */
exports.run = async (pino, pretty) => {
  const thread = pino.transport({ target: require.resolve("./console-transport.cjs") });
  const loggers = {
    "console stream": pino({}, { write: (line) => console.log(line.trimEnd()) }),
    "console of a message": pino({}, { write: (line) => console.info(JSON.parse(line).msg) }),
    "pretty stream": pino({}, pretty({ colorize: false, sync: true })),
    "pretty thread": pino(
      pino.transport({ target: require.resolve("pino-pretty"), options: { colorize: true } }),
    ),
    "console thread": pino(thread),
    multistream: pino(
      {},
      pino.multistream([{ level: "warn", stream: process.stderr }, { stream: process.stdout }]),
    ),
    "multistream of warnings": pino(
      { level: "info" },
      pino.multistream([{ level: "warn", stream: process.stdout }]),
    ),
  };
  const server = createServer((_request, response) => {
    for (const [name, log] of Object.entries(loggers)) log.info(name);
    console.log("console itself");
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  const response = await fetch(`http://127.0.0.1:${port}/`);
  await response.arrayBuffer();
  server.close();
  // Output of a thread passes through the main thread, which has to run until then.
  const waiting = setInterval(() => {}, 1000);
  thread.end();
  await once(thread, "close");
  clearInterval(waiting);
};

if (require.main === module) void exports.run(require(process.argv[2]), require("pino-pretty"));
