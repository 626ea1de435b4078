import { once } from "node:events";
import { createServer } from "node:http";
import { Worker } from "node:worker_threads";

/*
 * A service with a worker thread that does some work and then ends in the way given by
 * the first argument. The second argument is telltale's API. Prints the events of the
 * worker's end, and its metrics on the page.
 */

const [end, apiUrl] = process.argv.slice(2);
const server = createServer((_request, response) => response.end("hello"));
await once(server.listen(0, "127.0.0.1"), "listening");
const worker = new Worker(new URL("thread.mjs", import.meta.url), {
  workerData: { end, apiUrl, url: `http://127.0.0.1:${server.address().port}/` },
});
const errors = [];
worker.on("error", ({ message }) => errors.push(message));
const exited = new Promise((resolve) => worker.once("exit", resolve));
const [did] = await once(worker, "message");
const isPreloaded = process.execArgv.length > 0;
const url = `http://127.0.0.1:${process.env.OTEL_EXPORTER_PROMETHEUS_PORT}/metrics`;
const readPage = () =>
  fetch(url).then(
    (response) => response.text(),
    () => "",
  );
let page = await readPage();
// The page does not wait for a thread that is busy for a while.
if (isPreloaded) {
  while (!page.includes("\nworker_jobs")) page = await readPage();
}
if (end === "terminate") {
  // There is no exit event then, so everything must have arrived before.
  if (isPreloaded) {
    while (!(await isAllThere())) continue;
  }
  await worker.terminate();
} else {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins.
  worker.postMessage("end");
}
const code = await exited;
const lines = page.split("\n").filter((line) => line.startsWith("worker_jobs"));
console.log(JSON.stringify({ did, errors, code, metrics: lines.length }));
server.close();
server.closeAllConnections();

/** Looks for the job and its call by their names: this thread has spans of requests, too. */
async function isAllThere() {
  const received = `${process.env.OTEL_EXPORTER_OTLP_ENDPOINT}/received`;
  const { logs, events } = await (await fetch(received)).json();
  const spans = await (await fetch(`${received}/spans`)).json();
  const job = spans.find(({ name }) => name === "job");
  const ofJob = spans.filter(({ traceId }) => traceId === job?.traceId);
  return ofJob.length >= 3 && logs >= 1 && events >= 1;
}
