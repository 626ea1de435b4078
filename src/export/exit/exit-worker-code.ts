import { runExitWorker } from "./exit-worker.ts";

/**
 * The worker's program. The build puts a text here that it has made of the same
 * module (`scripts/build/worker-code.ts`): a transpiler that an app hooks into the
 * loading of modules may make calls of helpers of its own out of any function, and
 * those are not in the worker.
 */
export const exitWorkerCode: string = `(${runExitWorker.toString()})(require, require("node:worker_threads"));`;
