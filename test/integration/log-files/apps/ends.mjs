import { Worker, isMainThread } from "node:worker_threads";
import { pino } from "pino";

/* Logs ten lines and ends in the given way. */
const log = pino({ base: null }, { write: () => {} });
const lines = (from, to) => {
  for (let line = from; line < to; line++) log.info({ line }, "a line");
};

const ends = {
  normally: () => lines(0, 10),
  "by process.exit": () => {
    lines(0, 10);
    process.exit(3);
  },
  "by an uncaught exception": () => {
    lines(0, 10);
    throw new Error("expected");
  },
  "by process.exit with lines of exit listeners": () => {
    process.on("exit", () => lines(5, 10));
    lines(0, 5);
    process.exit();
  },
  "by a signal that it sends itself": () => {
    lines(0, 10);
    process.kill(process.pid, "SIGTERM");
  },
  "by a signal in the middle of a write": () => {
    lines(0, 5);
    // The batch is written after 100 ms.
    setTimeout(() => {
      lines(5, 10);
      process.kill(process.pid, "SIGTERM");
    }, 100);
  },
  "in a thread": () => {
    if (isMainThread) return new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
    lines(0, 10);
  },
};
ends[process.argv[2]]();
