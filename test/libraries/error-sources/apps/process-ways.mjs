import { fork } from "node:child_process";
import cluster from "node:cluster";
import { EventEmitter } from "node:events";
import { Worker } from "node:worker_threads";
import { handlers, thrown } from "./thrown.mjs";

const ignore = () => {};

/*
 * Ways in which an error reaches the process, by the places of `process.ts`: functions of the value's
 * name and of the file of the app.
 */
export const ways = {
  top: (value) => {
    throw thrown(value, "top");
  },
  timer: (value) => handlers.timer(value, ignore),
  floating: (value) => handlers.floating(value, ignore),
  emitter: (value) =>
    setTimeout(() => new EventEmitter().emit("error", thrown(value, "emitter")), 1),
  worker: (value, file) => void new Worker(file, { argv: ["timer", value] }),
  listened: (value, file) => void new Worker(file, { argv: ["timer", value] }).on("error", ignore),
  child: (value, file) => {
    fork(file, ["timer", value]).on("exit", (code) => (process.exitCode = code));
  },
  cluster: (value, file) => {
    if (cluster.isWorker) return handlers.timer(value, ignore);
    cluster.setupPrimary({ exec: file });
    cluster.fork().on("exit", (code) => (process.exitCode = code));
  },
  caught: (value) => {
    try {
      throw thrown(value, "caught");
    } catch {}
  },
};
