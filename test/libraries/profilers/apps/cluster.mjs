import cluster from "node:cluster";

// Two workers, which end at the signal.
if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
  process.on("SIGTERM", () => {
    for (const worker of Object.values(cluster.workers)) worker.kill("SIGTERM");
  });
}
setInterval(() => {}, 1_000);
