/**
 * Returns the number of this process in its cluster, from 1 up, or undefined in a
 * primary and outside of a cluster. `node:cluster` is accessed only in a process with
 * an IPC channel, where Node has loaded it already.
 */
export function clusterWorkerId(): number | undefined {
  if (process.send === undefined) return undefined;
  const { isWorker, worker } = process.getBuiltinModule("node:cluster");
  return isWorker ? worker?.id : undefined;
}
