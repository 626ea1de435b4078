/**
 * A report that is made twice, by whatever starts jobs: the second time it
 * fails. Then nothing is left to do.
 */
exports.scheduled = (scheduler, library, job) => {
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
  const stop = schedulers[scheduler](library, job("nightly-report", work));
};

const EACH_SECOND = "* * * * * *";

const schedulers = {
  "node-cron": ({ schedule }, work) => {
    const task = schedule(EACH_SECOND, work);
    return () => task.stop();
  },
  croner: ({ Cron }, work) => {
    const cron = new Cron(EACH_SECOND, { catch: (error) => console.error(String(error)) }, work);
    return () => cron.stop();
  },
  timers: ({ setInterval, clearInterval }, work) => {
    const timer = setInterval(work, 20);
    return () => clearInterval(timer);
  },
};
