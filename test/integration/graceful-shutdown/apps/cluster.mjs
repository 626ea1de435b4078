// A cluster of two workers, each of which serves `/slow` after some time. With LATE_MS, its primary
// is busy for so long when it gets the signal.
import cluster from "node:cluster";
import { createServer } from "node:http";

const { LATE_MS } = process.env;

if (cluster.isPrimary) {
  if (LATE_MS !== undefined) process.prependOnceListener("SIGTERM", () => block(Number(LATE_MS)));
  const ids = [];
  for (let id = 0; id < 2; id++) {
    const worker = cluster.fork();
    worker.on("exit", (code, signal) => console.log(`exit ${code} ${signal}`));
    worker.on("listening", ({ port }) => {
      ids.push(worker.process.pid);
      if (ids.length === 2) console.log(JSON.stringify({ port, ids }));
    });
  }
} else {
  createServer((request, response) => {
    console.log(`started ${request.url}`);
    setTimeout(() => response.end("done"), request.url === "/slow" ? 1500 : 0);
  }).listen(0, "127.0.0.1");
}

function block(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
