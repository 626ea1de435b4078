import { setImmediate as nextTurn } from "node:timers/promises";
import winston from "winston";
import pino from "pino";
import * as telltale from "../../../../../dist/index.js";
import { createLogger } from "../../../../../dist/logger.js";
import { hostileValues } from "../../../../logs/hostile.ts";
import { createLoggers } from "./buffered-loggers.cjs";

/*
 * Logs each hostile value in a job that fails: at level debug, which is buffered, or with
 * the argument `direct` at a logger of that level. The lines of a job follow its title.
 */
const [name, mode] = process.argv.slice(2);
const loggers = createLoggers({ winston, pino, createLogger });
// Pino's own destination writes later where the pipe is full.
loggers.pino = () => pino({}, { write: (text) => process.stdout.write(text) });
const logger = loggers[name]();
if (mode === "direct") logger.level = "debug";
const isPino = logger.bindings !== undefined;

for (const { title, make, winstonFailure } of hostileValues) {
  if (winstonFailure !== undefined && name !== "telltale") continue;
  for (const isField of [true, false]) {
    const value = make();
    const asField = isPino ? [{ value }, title] : [title, { value }];
    console.log(`# ${title}, ${isField ? "as a field" : "alone"}`);
    const job = () => {
      try {
        logger.debug(...(isField ? asField : [value]));
      } catch (error) {
        console.log(`thrown: ${error.message}`);
      }
      throw new Error("failed");
    };
    try {
      telltale.job("hostile", job)();
    } catch {
      // A job that throws ends in a microtask.
    }
    await nextTurn();
  }
}
