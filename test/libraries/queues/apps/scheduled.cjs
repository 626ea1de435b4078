/**
 * A report that each scheduler runs twice: the second run fails, and the process
 * ends. (node-cron 4.0 may start two runs at once:
 * its timer fires a millisecond early, and then again. So the second run stops it
 * as it begins, before a third; in the next tick, as node-cron 3 sets its timer
 * only after the call.)
 */
exports.scheduled = (scheduler, library, job, options) => {
  let runs = 0;
  const begin = () => {
    runs += 1;
    process.stdout.write(`run ${runs}\n`);
    if (runs === 2) process.nextTick(() => stop());
    return runs;
  };
  const end = (run) => {
    if (run === 2) throw new Error("no report today");
  };
  const report = async () => {
    const run = begin();
    await new Promise((resolve) => setTimeout(resolve, 5));
    end(run);
  };
  const reportAtOnce = () => end(begin());
  const work = scheduler === "timers" ? reportAtOnce : report;
  const stop = schedulers[scheduler](library, job("nightly-report", work), options);
};

const EACH_SECOND = "* * * * * *";

const schedulers = {
  "node-cron": ({ schedule }, work, options) => {
    const task = schedule(EACH_SECOND, work, options);
    return () => task.stop();
  },
  croner: ({ Cron }, work, options) => {
    const all = { catch: (error) => console.error(String(error)), ...options };
    const cron = new Cron(EACH_SECOND, all, work);
    return () => cron.stop();
  },
  timers: ({ setInterval, clearInterval }, work) => {
    const timer = setInterval(work, 20);
    return () => clearInterval(timer);
  },
};
