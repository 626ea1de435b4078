import { createServer } from "node:http";
import winston from "winston";
import { setLogLevel } from "../../../../dist/index.js";
import { createLogger } from "../../../../dist/logger.js";

/** A service whose loggers write one line of level debug for each request. */
const loggers = {
  api: createLogger("api"),
  "api.cache": createLogger("api.cache"),
  winston: winston.createLogger({
    defaultMeta: { logger: "winston" },
    format: winston.format.json(),
    transports: [
      new winston.transports.Console(),
      new winston.transports.Console({ level: "error", format: winston.format.simple() }),
    ],
  }),
};

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  if (pathname === "/set") {
    const [name, level, forMs] = JSON.parse(searchParams.get("args"));
    setLogLevel(name, level, { forMs });
  }
  for (const logger of Object.values(loggers)) logger.debug(pathname);
  // The response may reach the test before the lines do.
  console.log(`logged ${pathname}`);
  response.end(JSON.stringify(Object.values(loggers).map(({ level }) => level)));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
