/** A chunk of its own: only processes with worker threads need it. */
export { WorkerThreads } from "./main.ts";
export { serveMainThread } from "./worker.ts";
