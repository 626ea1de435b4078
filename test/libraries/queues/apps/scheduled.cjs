/**
 * A report that is made twice, by whatever starts jobs: the second time it
 * fails. Then nothing is left to do.
 */
exports.scheduled = (scheduler, library, job, options) => {
  let runs = 0;
  const begin = () => {
    runs += 1;
    process.stdout.write(`run ${runs}\n`);
  };
  const end = () => {
    if (runs < 2) return;
    stop();
    throw new Error("no report today");
  };
  const report = async () => {
    begin();
    await new Promise((resolve) => setTimeout(resolve, 5));
    end();
  };
  const reportAtOnce = () => {
    begin();
    end();
  };
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
