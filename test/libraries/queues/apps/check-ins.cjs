/*
 * Jobs of a scheduler, or of BullMQ, that end in each way. Arguments: the kind and the package.
 * The process ends with the job "dies", or when all jobs of BullMQ have ended.
 */
const [kind, installed] = process.argv.slice(2);
const library = require(installed);

void import(process.env.TELLTALE).then(({ job }) => programs[kind](library, job));

const programs = {
  "node-cron": ({ schedule }, job) => start(schedule, job),
  // Its option `name` has no effect.
  "node-cron 4.0": ({ schedule }, job) =>
    start((pattern, work, { name, ...options }) => {
      schedule(pattern, name === undefined ? work : job(name, work), options);
    }, job),
  croner: ({ Cron = library }, job) =>
    start(
      (pattern, work, options = {}) => new Cron(pattern, { catch: true, ...options }, work),
      job,
    ),
  "own Sentry": ownSentry,
  bullmq,
};

/** Sets up a Sentry of the app itself, and runs two jobs of croner by hand. */
async function ownSentry({ Cron }) {
  const { createTransport, flush, initAndBind } = require("@sentry/core");
  const { ServerRuntimeClient } = require("@sentry/core/server");
  const post = async (url, body) => ({
    statusCode: (await fetch(url, { method: "POST", body })).status,
  });
  initAndBind(ServerRuntimeClient, {
    dsn: process.env.SENTRY_DSN,
    environment: "of the app",
    integrations: [],
    stackParser: () => [],
    transport: (options) => createTransport(options, ({ body }) => post(options.url, body)),
  });
  const trigger = async (name, work) => {
    const job = new Cron("0 2 * * *", { name, catch: true, timezone: "Asia/Tokyo" }, work);
    await Promise.all([job.trigger(), job.trigger()]);
    job.stop();
  };
  await trigger("fine", () => new Promise(setImmediate));
  await trigger("fails", () => Promise.reject(new Error("no report today")));
  await new Promise(setImmediate);
  await flush(60_000);
}

/** Starts jobs that all run once in the same second of each minute. */
function start(schedule, job) {
  const pattern = `${(new Date().getSeconds() + 2) % 60} * * * * *`;
  const timezone = "Asia/Tokyo";
  const { promise: othersEnded, resolve } = Promise.withResolvers();
  const pending = new Set(["Fine report", "fails", "wrapped", "unnamed"]);
  const end = (name) => {
    pending.delete(name);
    if (pending.size === 0) setImmediate(() => resolve());
  };
  const running = new Set();
  const succeed = (name) => async () => {
    const run = new Promise(setImmediate);
    running.add(run);
    await run;
    end(name);
    running.delete(run);
  };
  schedule(pattern, succeed("Fine report"), { name: "Fine report", timezone });
  schedule(
    pattern,
    () => {
      end("fails");
      throw new Error("no report today");
    },
    { name: "fails", timezone },
  );
  schedule(pattern, job("wrapped", succeed("wrapped")), { timezone });
  schedule(pattern, succeed("unnamed"), { timezone });
  schedule("* * * * * *", () => {}, { name: "each-second", timezone });
  const die = async () => {
    await othersEnded;
    // node-cron 4.0 may start a job twice.
    while (running.size > 0) await new Promise(setImmediate);
    // The last run ends in this turn.
    await new Promise(setImmediate);
    process.exit(4);
  };
  schedule(pattern, die, { name: "dies", timezone });
}

/** Schedules that start a job at once, and a job without a schedule. */
async function bullmq({ Queue, Worker }) {
  const connection = { url: process.env.BROKER, host: "127.0.0.1", maxRetriesPerRequest: null };
  connection.port = Number(new URL(process.env.BROKER).port);
  const queue = new Queue("Reports", { connection });
  const add = (name, repeat, opts = {}) => {
    if (queue.upsertJobScheduler === undefined)
      return queue.add(name, {}, { ...opts, repeat: { ...repeat, immediately: true } });
    const first = repeat.pattern === undefined ? {} : { immediately: true };
    return queue.upsertJobScheduler(name, { ...repeat, ...first }, { name, opts });
  };
  await add("hourly", { every: 3_600_000 });
  await add("nightly", { pattern: "0 2 * * *", tz: "Asia/Tokyo" }, { attempts: 3 });
  await add("fails", { pattern: "0 3 * * *" });
  await queue.add("once", {});

  const { promise: allEnded, resolve } = Promise.withResolvers();
  const pending = new Set(["hourly", "nightly", "fails", "once"]);
  const end = ({ name }) => {
    pending.delete(name);
    if (pending.size === 0) resolve();
  };
  const work = async ({ name, attemptsMade }) => {
    if (name === "fails" || (name === "nightly" && attemptsMade < 2)) throw new Error(name);
  };
  const worker = new Worker("Reports", work, { connection });
  worker.on("completed", end);
  worker.on("failed", (job) => job.name === "fails" && end(job));
  await allEnded;
  await worker.close();
  await queue.obliterate({ force: true });
  await queue.close();
}
