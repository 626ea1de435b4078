import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { openQueue } from "./queue.mjs";
import { progress, runJob } from "./run-unit.mjs";

/** Starts a worker thread that runs units as jobs. */
export function startThread() {
  const worker = new Worker(fileURLToPath(import.meta.url));
  const results = new Map();
  worker.on("message", (id) => results.get(id)());
  return {
    run: ({ id }) => {
      const { promise, resolve } = Promise.withResolvers();
      results.set(id, resolve);
      worker.postMessage(id, []);
      return promise;
    },
    /** Resolves when the thread has ended by itself. */
    end: () =>
      new Promise((resolve) => {
        worker.once("exit", resolve);
        worker.postMessage(undefined, []);
      }),
  };
}

if (!isMainThread) {
  const { enqueue, close } = openQueue();
  const { call } = await import("./call.mjs");
  const others = { enqueue, call, thread: ({ id }) => runJob(id, others) };
  parentPort.on("message", async (id) => {
    if (id !== undefined) {
      await runJob(id, others);
      // Late work first, so that the main thread need not count it.
      while (progress.pending > 0) await new Promise((resolve) => setImmediate(resolve));
      parentPort.postMessage(id, []);
      return;
    }
    await close();
    parentPort.close();
  });
}
