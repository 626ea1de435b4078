import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { metrics, trace } from "@opentelemetry/api";
import winston from "winston";

/* The worker thread of `threads.mjs`. */

const { end, apiUrl, url } = workerData;
const { captureException } = await import(apiUrl);
const logger = winston.createLogger({ transports: [new winston.transports.Console()] });
const tracer = trace.getTracer("worker");

const did = await tracer.startActiveSpan("job", async (span) => {
  metrics.getMeter("worker").createCounter("worker.jobs").add(1);
  logger.info("at work");
  const id = captureException(new Error("in the worker"));
  const response = await fetch(url);
  const answer = await response.text();
  span.end();
  return { answer, event: typeof id };
});
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins.
parentPort.postMessage(did);
await once(parentPort, "message");
tracer.startSpan("last").end();
if (end === "exit") process.exit(5);
if (end === "throw")
  setImmediate(() => {
    throw new Error("out of the worker");
  });
else parentPort.close();
