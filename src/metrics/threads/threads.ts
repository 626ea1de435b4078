/** The lazy module for processes with worker threads. */
export { WorkerThreads } from "./main.ts";
export { serveMainThread } from "./worker.ts";
