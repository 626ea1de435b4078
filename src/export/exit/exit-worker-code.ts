import { runExitWorker } from "./exit-worker.ts";

/**
 * The source code of the worker. The build replaces it by a text that it creates from
 * the same module (`scripts/build/worker-code.ts`): a transpiler that an app hooks
 * into module loading may insert calls of its helpers into any function, and the
 * worker does not have these.
 */
export const exitWorkerCode: string = `(${runExitWorker.toString()})(require, require("node:worker_threads"));`;
