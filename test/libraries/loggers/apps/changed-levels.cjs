"use strict";
const { setLogLevel } = require("../../../../dist/index.cjs");
const pino = require(process.argv[2]);

/** Logs at two levels with loggers that were created before, during and after a change of the level. */
const root = pino({ name: "root" });
const child = root.child({ name: "child" });
const quiet = pino({ name: "quiet", level: "error" });
const loggers = { root, child, quiet };
const levels = [];

function log(step) {
  levels.push(
    Object.fromEntries(Object.entries(loggers).map(([name, { level }]) => [name, level])),
  );
  for (const logger of Object.values(loggers)) {
    logger.debug(step);
    logger.error(step);
  }
}

log("before");
setLogLevel("pino", "debug");
loggers.during = root.child({ name: "during" });
log("debug");
root.level = "warn";
setLogLevel("*", "none");
setLogLevel("pino", "http");
log("http");
setLogLevel("pino", null);
log("none");
setLogLevel("*", null);
loggers.after = root.child({ name: "after" });
log("after");
console.log(JSON.stringify(levels));
