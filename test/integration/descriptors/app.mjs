import { spawnSync } from "node:child_process";
import { trace } from "@opentelemetry/api";
import { captureException } from "telltale";
import winston from "winston";

/*
 * Lowers its limit of file descriptors below those that are open, before telltale has
 * loaded anything to export its telemetry. Its test raises the limit again.
 */
const log = winston.createLogger({ transports: [new winston.transports.Console()] });
const tracer = trace.getTracer("app");

spawnSync("prlimit", ["--pid", String(process.pid), "--nofile=3:"], { stdio: "inherit" });
work("early", 0);
console.log(JSON.stringify({ pid: process.pid }));
let round = 0;
setInterval(() => work("late", ++round), 200);

function work(name, round) {
  // Texts are filtered until the redaction is loaded.
  tracer.startSpan(name, { attributes: { round } }).end();
  log.info(name);
  captureException(new Error(name));
}
