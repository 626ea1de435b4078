import { runStallWorker } from "./stall-worker.ts";

/** The source code of the worker; the build replaces it, as `export/exit/exit-worker-code.ts`. */
export const stallWorkerCode: string = `(${runStallWorker.toString()})(require, require("node:worker_threads"));`;
