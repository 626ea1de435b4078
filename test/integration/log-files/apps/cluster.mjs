import cluster from "node:cluster";
import { pino } from "pino";

/*
 * Workers of one cluster that each log the lines 0 to TO: `node cluster.mjs WORKERS TO`. The
 * first one is killed by SIGTERM after half of its lines, and another one goes on.
 */
const [workers, to] = process.argv.slice(2).map(Number);
/** Lines in one turn of the event loop. */
const BURST = 100;

if (cluster.isPrimary) {
  const ends = [];
  for (let writer = 0; writer < workers; writer++) {
    const end = writer === 0 ? to / 2 : to;
    cluster.fork({ WRITER: writer, FROM: 0, TO: end, IS_KILLED: writer === 0 ? "yes" : "" });
  }
  cluster.on("exit", (_worker, code, signal) => {
    ends.push(signal ?? code);
    if (signal === "SIGTERM") cluster.fork({ WRITER: 0, FROM: to / 2, TO: to, IS_KILLED: "" });
    if (ends.length === workers + 1)
      console.log(ends.filter((end) => end === 0).length, ends.includes("SIGTERM"));
  });
} else {
  const { WRITER, FROM, TO, IS_KILLED } = process.env;
  const log = pino({ base: null }, { write: () => {} });
  let line = Number(FROM);
  const logBurst = () => {
    const end = Math.min(line + BURST, Number(TO));
    for (; line < end; line++) log.info({ writer: Number(WRITER), line }, "a line");
    if (line < Number(TO)) setImmediate(logBurst);
    else if (IS_KILLED === "yes") process.kill(process.pid, "SIGTERM");
    else process.disconnect();
  };
  logBurst();
}
