import { requireQueue } from "./modules.mjs";

const { Queue, Worker } = requireQueue("bullmq");
const { hostname: host, port } = new URL(process.env.REDIS_URL);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };

/** Returns a function that adds a message with this id. */
export function openQueue() {
  const queue = new Queue("units", { connection });
  return { enqueue: ({ id }) => queue.add("unit", { id }), close: () => queue.close() };
}

/** Handles messages; `work` also gets a promise of the end of its message. */
export async function consume(work) {
  const ends = new Map();
  const worker = new Worker(
    "units",
    ({ data: { id } }) => {
      const { promise: finished, resolve } = Promise.withResolvers();
      ends.set(id, resolve);
      return work(id, finished);
    },
    { connection, concurrency: 20 },
  );
  const onEnd = ({ data: { id } }) => ends.get(id)();
  worker.on("completed", onEnd);
  worker.on("failed", onEnd);
  await worker.waitUntilReady();
  return worker;
}
