import { createServer } from "node:http";
import { createRequire } from "node:module";
import { Writable } from "node:stream";

/*
 * Writes `LINES` lines for each request, with the logger of `BENCH_LOGGER`. The path is
 * the kind of line. The streams discard what they get, so that only the lines cost.
 */
const LINES = 1000;

const require = createRequire(import.meta.url);
const requireOfTests = createRequire(
  new URL("../../test/libraries/loggers/rows.ts", import.meta.url),
);
const discarding = () => new Writable({ write: (_chunk, _encoding, next) => next() });

function winstonWith(...formats) {
  const { createLogger, format, transports } = require("winston");
  return createLogger({
    format: format.combine(format.timestamp(), ...formats.map((of) => of(format))),
    transports: [new transports.Stream({ stream: discarding() })],
  });
}

const loggers = {
  /** As most apps have it. */
  winston: () => winstonWith(({ json }) => json()),
  /** With an option, winston writes the JSON itself, preloaded or not. */
  "winston with an option": () => winstonWith(({ json }) => json({ bigint: true })),
  "winston without json": () => winstonWith(),
  pino: () => requireOfTests("pino")({}, { write() {} }),
  telltale: () => {
    const { createLogger } = require("../../dist/logger.js");
    const { transports } = require("winston");
    return createLogger("bench", {
      transports: [new transports.Stream({ stream: discarding() })],
    });
  },
};

const isPino = process.env.BENCH_LOGGER === "pino";
const logger = loggers[process.env.BENCH_LOGGER]();
const write = isPino
  ? (message, fields) => logger.info(fields, message)
  : (message, fields) => logger.info(message, fields);

const kinds = {
  "/message": () => logger.info("plain line"),
  "/fields": () => write("ordered", { item: "cup", count: 3 }),
  "/nested": () =>
    write("nested", { user: { id: 3, name: "ada" }, place: { city: "Zug" }, tags: ["a", "b"] }),
  "/none": () => {},
};

const server = createServer((request, response) => {
  const writeLine = kinds[request.url];
  for (let line = 0; line < LINES; line++) writeLine();
  response.end("ok");
});
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
