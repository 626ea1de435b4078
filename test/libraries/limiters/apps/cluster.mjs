/** Limits in two workers of a cluster, whose primary has the counts. */
import cluster from "node:cluster";
import { once } from "node:events";
import { createRequire } from "node:module";

const [installed] = process.argv.slice(2);
const library = createRequire(import.meta.url)(installed);

if (cluster.isPrimary) {
  const master = new library.RateLimiterClusterMaster();
  const isOne = master === new library.RateLimiterClusterMaster();
  const workers = [cluster.fork(), cluster.fork()];
  const outcomes = await Promise.all(
    workers.map(async (worker) => {
      const outcome = new Promise((resolve) => {
        worker.on("message", ({ outcome: text }) => text !== undefined && resolve(text));
      });
      await Promise.all([outcome, once(worker, "exit")]);
      return outcome;
    }),
  );
  console.log(isOne, "allowed:", outcomes.flat().filter((outcome) => outcome === "ok").length);
} else {
  const limiter = new library.RateLimiterCluster({
    keyPrefix: "clustered",
    points: 1,
    duration: 60,
    timeoutMs: 60_000,
  });
  const outcomes = [];
  for (let at = 0; at < 2; at++) {
    outcomes.push(
      await limiter.consume("me").then(
        () => "ok",
        () => "rejected",
      ),
    );
  }
  process.send({ outcome: outcomes });
  process.disconnect();
}
