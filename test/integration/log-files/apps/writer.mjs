import { writeSync } from "node:fs";
import { pino } from "pino";

/*
 * Logs the lines FROM to TO of a writer, and then waits for a signal if the last argument
 * is "wait": `node writer.mjs WRITER FROM TO wait`. After each burst of lines it prints how
 * many are logged, so that a test knows it of a process that was killed.
 */
const [writer, from, to] = process.argv.slice(2).map(Number);
const waits = process.argv[5] === "wait";
/** Lines in one turn of the event loop. */
const BURST = 100;
const log = pino({ base: null }, { write: () => {} });

let line = from;
const logBurst = () => {
  const end = Math.min(line + BURST, to);
  for (; line < end; line++) log.info({ writer, line }, "a line");
  writeSync(1, `${line}\n`);
  if (line < to) setImmediate(logBurst);
  else if (waits) setInterval(() => {}, 1000);
};
logBurst();
