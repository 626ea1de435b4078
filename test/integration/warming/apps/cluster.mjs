// A cluster of three workers, each with a cache of its own. The first one has a warmer of a cache that
// all share, the second one a warmer that never ends; the third one blocks for as long as the file in
// BLOCKED exists. WORKER_OPTIONS preload only the workers.
import cluster from "node:cluster";
import { existsSync } from "node:fs";
import { registerCacheWarmer, watchCache } from "../../../../dist/index.js";

if (cluster.isPrimary) {
  for (let index = 0; index < 3; index += 1)
    cluster.fork({ NODE_OPTIONS: process.env.WORKER_OPTIONS ?? "" });
  process.once("SIGTERM", () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill("SIGKILL");
    process.exit();
  });
} else {
  const products = watchCache(new Map(), "products");
  registerCacheWarmer(
    "products",
    ({ id }) => {
      products.get(id);
      products.set(id, "a book");
      console.log(`${process.pid} has ${[...products.keys()].join()}`);
    },
    { onStart: false },
  );
  if (cluster.worker.id === 1) registerCacheWarmer("shared", () => {}, { onStart: false });
  if (cluster.worker.id === 2)
    registerCacheWarmer("endless", () => new Promise(() => {}), { onStart: false });
  if (cluster.worker.id === 3)
    process.on("SIGUSR2", () => {
      console.log("blocked");
      while (existsSync(process.env.BLOCKED));
    });
  // The channel of the cluster keeps it alive.
  console.log(`worker ${cluster.worker.id} is ${process.pid}`);
}
