import type { Attributes } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import { appPath } from "../resource/attributes.ts";
import { findGitBranch, packageAbove } from "../resource/package.ts";

/**
 * Returns the resource with what distinguishes one start of a service from another.
 * All workers of a cluster are one start.
 *
 * @param ignoredCalls repeated calls that the viewer does not report
 */
export function runResource(resource: Resource, ignoredCalls: readonly string[]): Resource {
  const path = appPath() ?? process.cwd();
  const started = Math.round(Date.now() - process.uptime() * 1000);
  const own: Attributes = {
    "telltale.run.id": `${clusterPrimary() ?? process.pid}-${dayOf(started)}`,
    "telltale.run.start": started,
    "process.runtime.version": process.version.slice(1),
    "telltale.project.folder": packageAbove(path)?.folder ?? process.cwd(),
  };
  const branch = findGitBranch(path);
  if (branch !== undefined) own["vcs.ref.head.name"] = branch;
  if (ignoredCalls.length > 0) own["telltale.repeated.ignore"] = [...ignoredCalls];
  // The same object for all items, which are grouped by it.
  const attributes = Object.freeze({ ...resource.attributes, "process.pid": process.pid, ...own });
  return Object.create(resource, { attributes: { value: attributes } }) as Resource;
}

/** Returns the process that has forked this worker of a cluster. */
function clusterPrimary(): number | undefined {
  if (process.send === undefined) return undefined;
  return process.getBuiltinModule("node:cluster").isWorker ? process.ppid : undefined;
}

/** The number of a process returns after some time; that of the day is the same in all workers. */
function dayOf(time: number): string {
  return Math.floor(time / 86_400_000).toString(36);
}
