// One step of a chain of processes and threads, each of which starts the next one in a span.
import { fork, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker, isMainThread, workerData } from "node:worker_threads";
import { trace } from "@opentelemetry/api";

const file = fileURLToPath(import.meta.url);
const step = isMainThread ? (process.argv[2] ?? "parent") : workerData;

const next = {
  parent: () => spawn("sh", ["-c", `"${process.execPath}" "${file}" child`], { stdio: "inherit" }),
  child: () => new Worker(new URL(import.meta.url), { workerData: "worker" }),
  worker: () => fork(file, ["forked"]),
  forked: () => undefined,
};

trace.getTracer("chain").startActiveSpan(step, (span) => {
  const started = next[step]();
  if (started === undefined) span.end();
  else started.on("exit", () => span.end());
});
