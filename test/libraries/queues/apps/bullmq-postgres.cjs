const options = { attempts: 2, backoff: { type: "fixed", delay: 10 } };
const settings = (url) => ({ connection: { connectionString: url, migrate: true } });

exports.sender = async ({ Queue, createPostgresBackend }, url, queue) => {
  const made = new Queue(queue, settings(url), createPostgresBackend);
  await made.waitUntilReady();
  return {
    send: async (order) => {
      const { opts, data } = await made.add("pack", order, { ...options, jobId: order.id });
      return { opts, data };
    },
    close: () => made.close(),
  };
};

exports.receiver = async ({ Worker, createPostgresBackend }, url, queue, work) => {
  const worker = new Worker(
    queue,
    (job) => work(job.data, { opts: job.opts, attemptsMade: job.attemptsMade }),
    settings(url),
    createPostgresBackend,
  );
  worker.on("failed", (job) => {
    if (job.attemptsMade === job.opts.attempts) globalThis.print(`gave up ${job.id}`);
  });
  await worker.waitUntilReady();
  return { close: () => worker.close() };
};
