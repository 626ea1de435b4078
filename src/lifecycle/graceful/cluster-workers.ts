import cluster from "node:cluster";

/** Whether this process is a worker of a cluster. */
export function isClusterWorker(): boolean {
  return cluster.isWorker;
}

/**
 * Passes a signal on to the workers of a cluster, because orchestrators send it to the primary only,
 * and workers end at once without their primary. Resolves when those that there are have ended.
 */
export async function endWorkers(signal: NodeJS.Signals): Promise<void> {
  const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  await Promise.all(
    workers.map(
      (worker) =>
        new Promise<void>((resolve) => {
          if (worker.isDead()) resolve();
          worker.once("exit", () => resolve());
          worker.process.kill(signal);
        }),
    ),
  );
}
