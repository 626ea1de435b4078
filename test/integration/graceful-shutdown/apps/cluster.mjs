// A cluster of two workers, each of which serves `/slow` after some time.
import cluster from "node:cluster";
import { createServer } from "node:http";

if (cluster.isPrimary) {
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
