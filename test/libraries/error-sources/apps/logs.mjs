import { createRequire } from "node:module";
import { Writable } from "node:stream";
import { setTag, withIsolationScope } from "telltale";
import { makers } from "./thrown.mjs";

/*
 * Logs values. Arguments: the logger, its package in `loggers/node_modules`, and the lines: the place,
 * the name of the value, and the id.
 */
const [kind, installed, lines] = process.argv.slice(2);
const require = createRequire(new URL("../../loggers/apps/", import.meta.url));
const nowhere = new Writable({ write: (_chunk, _encoding, next) => next() });

const loggers = {
  winston: ({ createLogger, transports }) =>
    createLogger({ transports: [new transports.Stream({ stream: nowhere })] }),
  pino: (pino) => pino(nowhere),
  bunyan: ({ createLogger }) => createLogger({ name: "shop", streams: [{ stream: nowhere }] }),
  console: () => console,
};
const logger = loggers[kind](require(installed));
const writeFields = (value) => logger.error({ err: value }, "a message");

const places = {
  error: (value) => logger.error(value),
  field:
    kind === "pino" || kind === "bunyan"
      ? writeFields
      : (value) => logger.error("a message", value),
  message: (value) => logger.error(value.message),
  warn: (value) => logger.warn(value),
};

for (const { id, place, value } of JSON.parse(lines)) {
  withIsolationScope(() => {
    setTag("case", id);
    try {
      places[place](makers[value]());
      console.log(`logged ${id}`);
    } catch (error) {
      // Winston writes to the error.
      console.log(`${id}: ${error.message}`);
    }
  });
}
