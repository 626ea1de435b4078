"use strict";
const { createServer } = require("node:http");

/** A service that logs with `telltale/logger` and with winston, calls itself three times and ends. */
exports.run = async ({ createLogger, setUser, setOrganization, winston }) => {
  const logger = createLogger("api");
  const cache = createLogger("api.cache");
  const own = winston.createLogger({
    format: winston.format.json(),
    transports: new winston.transports.Console(),
  });
  const server = createServer(async (request, response) => {
    const index = new URL(request.url, "http://localhost").searchParams.get("index");
    setUser({ id: `user-${index}` });
    setOrganization(`org-${index}`);
    await new Promise(setImmediate);
    logger.info("paid", { index, password: "hunter22" });
    logger.child({ part: "stock" }).warn("low", { index });
    cache.debug("missed", { index });
    logger.error(`failed ${index}`, new RangeError("too far", { cause: new Error("broken") }));
    own.info("own", { index });
    response.end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  await Promise.all([0, 1, 2].map((index) => fetch(`${url}?index=${index}`)));
  logger.info("done");
  server.close();
  server.closeAllConnections();
};
