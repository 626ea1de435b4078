/**
 * The number of this process in its cluster, from 1 up; undefined outside of a
 * cluster and in its primary. Asking costs nothing there: `node:cluster` is only
 * loaded where it is loaded already, in a process with a channel to its parent.
 */
export function clusterWorkerId(): number | undefined {
  if (process.send === undefined) return undefined;
  const { isWorker, worker } = process.getBuiltinModule("node:cluster");
  return isWorker ? worker?.id : undefined;
}
