const { createServer } = require("node:http");
const { once } = require("node:events");

/**
 * Runs an app that logs with pino: sends itself requests, logs in their handler, and
 * ends. Each line of its stdout is one line of the log.
 */
exports.run = async (pino) => {
  const log = pino({
    level: "debug",
    base: { pid: process.pid, hostname: require("node:os").hostname(), app: "shop" },
    redact: ["card.number", "password"],
    serializers: { item: (item) => item.name },
    customLevels: { notice: 35 },
  });
  const ids = log.child({ request_id: "its-own" });
  const silent = pino({ level: "warn" });
  const server = createServer((request, response) => {
    const child = log.child({ path: request.url });
    child.info("plain");
    child.info({ item: { name: "cup", secret: true }, count: 2 }, "ordered %s", "a cup");
    child.warn({ password: "hunter2", card: { number: "4111", type: "visa" } }, "paid");
    child.error(Object.assign(new RangeError("no cup left"), { code: "E_STOCK" }), "failed");
    child.error({ reason: new TypeError("not a cup") }, "failed otherwise");
    child.debug({ nested: { deep: [1, "two", null] } });
    child.notice("between info and warn");
    ids.info({ path: request.url }, "with its own request id");
    log.info(
      { path: request.url, trace_id: "0af7651916cd43dd8448eb211c80319c" },
      "of another trace",
    );
    silent.info("below the level");
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
  server.close();
};
