import type { WatchedUnit } from "../context/unit-views.ts";

/** Returns the name of work as the viewer has it: `GET /orders/:id`, or that of the job. */
export function workName(unit: WatchedUnit | undefined): string {
  const job = unit?.jobInfo();
  const route = unit?.currentRoute();
  if (job !== undefined) return route ?? job.name;
  const method = unit?.method === "_OTHER" ? "HTTP" : (unit?.method ?? "HTTP");
  return route === undefined ? method : `${method} ${route}`;
}
