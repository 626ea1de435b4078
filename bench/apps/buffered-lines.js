import { createRequire } from "node:module";
import { Writable } from "node:stream";
import winston from "winston";
import { job } from "../../dist/index.js";
import { createLogger } from "../../dist/logger.js";

/*
 * Prints, as JSON, the microseconds of CPU time of a line of level debug in jobs that
 * succeed, for loggers of level info: pino, winston, and `telltale/logger`.
 */
const require = createRequire(new URL("../../test/libraries/loggers/rows.ts", import.meta.url));
const pino = require("pino");
const stream = new Writable({ write: (_chunk, _encoding, next) => next() });
const { format, transports } = winston;
const loggers = {
  pino: pino(pino.destination({ dest: "/dev/null", sync: true })),
  winston: winston.createLogger({
    format: format.combine(format.timestamp(), format.json()),
    transports: [new transports.Stream({ stream })],
  }),
  "telltale/logger": createLogger("bench", { transports: [new transports.Stream({ stream })] }),
};
const LINES = 100;
const JOBS = 50;
const ROUNDS = 40;

const figures = {};
for (const [name, logger] of Object.entries(loggers)) {
  const write = logger.bindings
    ? () => logger.debug({ item: "cup", count: 3 }, "ordered")
    : () => logger.debug("ordered", { item: "cup", count: 3 });
  const lines = job("lines", () => {
    for (let line = 0; line < LINES; line++) write();
  });
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage();
    for (let run = 0; run < JOBS; run++) lines();
    const { user, system } = process.cpuUsage(start);
    rounds.push((user + system) / (LINES * JOBS));
  }
  figures[name] = Number(rounds.toSorted((a, b) => a - b)[ROUNDS / 2].toFixed(2));
}
process.stdout.write(`${JSON.stringify(figures)}\n`);
