import { handlers } from "../../../error-sources/apps/thrown.mjs";

/*
 * Schedules a job for each case, which fails once in the way of the case. Arguments: the scheduler, its
 * package, and the cases.
 */
const [scheduler, installed, cases] = process.argv.slice(2);
const { job, setTag, withMonitor } = await import(process.env.TELLTALE);
const library = await import(installed);
const EACH_SECOND = "* * * * * *";

const schedulers = {
  "node-cron": (work) => {
    const { schedule } = library.default?.schedule ? library.default : library;
    const task = schedule(EACH_SECOND, work);
    return () => task.stop();
  },
  croner: (work) => {
    const cron = new library.Cron(EACH_SECOND, { catch: true }, work);
    return () => cron.stop();
  },
  job: (work) => {
    setTimeout(() => job("fails", work)(), 1);
    return () => {};
  },
  monitor: (work) => {
    setTimeout(() => withMonitor("fails", work), 1);
    return () => {};
  },
};

for (const { id, place, value } of JSON.parse(cases)) {
  let hasRun = false;
  const work = () => {
    if (hasRun) return;
    hasRun = true;
    // node-cron 3 sets its timer after the call.
    process.nextTick(() => stop());
    setTag("case", id);
    return handlers[place](value, () => {});
  };
  const stop = schedulers[scheduler](work);
}
