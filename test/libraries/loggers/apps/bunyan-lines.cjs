const { createServer } = require("node:http");
const { once } = require("node:events");

/** Runs an app that logs with bunyan: sends itself requests, logs in their handler, and ends. */
exports.run = async (bunyan) => {
  const raw = new bunyan.RingBuffer({ limit: 100 });
  const log = bunyan.createLogger({
    name: "shop",
    serializers: { err: bunyan.stdSerializers.err, item: (item) => item.name },
    streams: [
      { level: "debug", stream: process.stdout },
      { level: "warn", type: "raw", stream: raw },
    ],
  });
  const viaConsole = bunyan.createLogger({
    name: "console",
    streams: [{ stream: { write: (line) => console.log(line.trimEnd()) } }],
  });
  const server = createServer((request, response) => {
    const child = log.child({ path: request.url });
    child.info("plain");
    child.info({ item: { name: "cup", secret: true }, count: 2 }, "ordered %s", "a cup");
    child.error(Object.assign(new RangeError("no cup left"), { code: "E_STOCK" }), "failed");
    child.debug({ nested: { deep: [1, "two", null] } }, "nested");
    child.trace("below the level");
    viaConsole.warn({ path: request.url }, "by way of the console");
    log.info({ path: request.url, request_id: "its-own" }, "with its own request id");
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  log.info("open");
  const { port } = server.address();
  for (const path of ["/one", "/two"]) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    await response.arrayBuffer();
  }
  for (const { msg, trace_id: traceId } of raw.records) {
    process.stdout.write(`${JSON.stringify({ raw: msg, trace_id: traceId })}\n`);
  }
  server.close();
};
