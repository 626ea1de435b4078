import { createLogger } from "telltale/logger";
import { logPerformance, logSecurityEvent, setLogLevel, time } from "telltale";

/*
 * Calls the loggers and the event functions with one kind of bad input, and then logs a
 * sound line: `node loggers.mjs CASE`. Prints what the function `time` returns.
 */
const [name] = process.argv.slice(2);
const logger = createLogger("api");

const cases = {
  "no name": () => createLogger("").info("unnamed"),
  "a name that is a number": () => createLogger(7).info("unnamed"),
  "an unknown level of a logger": () => (logger.level = "loud"),
  "an unknown level of a line": () => logger.log("loud", "shouted"),
  "a logger that has ended": () => {
    const ended = createLogger("ended");
    ended.end();
    ended.info("late");
  },
  "an unknown level at run time": () => setLogLevel("api", "loud"),
  "a time that is none": () => setLogLevel("api", "debug", { forMs: -1 }),
  "a duration that is a text": () => logPerformance("import", "1 s"),
  "an operation without a name": () => console.log(time("", () => 7)),
  "a security event without a name": () => logSecurityEvent(""),
  "an unknown severity": () => logSecurityEvent("login", { severity: "huge" }),
  "no bad input": () => {},
};

cases[name]();
logger.info("sound");
