const connectionTo = (url) => {
  const { hostname: host, port } = new URL(url);
  return { host, port: Number(port), maxRetriesPerRequest: null };
};
const options = { attempts: 2, backoff: { type: "fixed", delay: 10 } };

exports.sender = async ({ Queue }, url, queue) => {
  const made = new Queue(queue, { connection: connectionTo(url) });
  return {
    send: async (order) => {
      const { opts, data } = await made.add("pack", order, { ...options, jobId: order.id });
      return { opts, data };
    },
    close: () => made.close(),
  };
};

exports.receiver = async ({ Worker }, url, queue, work) => {
  const worker = new Worker(
    queue,
    (job) => work(job.data, { opts: job.opts, attemptsMade: job.attemptsMade }),
    { connection: connectionTo(url) },
  );
  worker.on("failed", (job) => {
    if (job.attemptsMade === job.opts.attempts) globalThis.print(`gave up ${job.id}`);
  });
  await worker.waitUntilReady();
  return { close: () => worker.close() };
};
