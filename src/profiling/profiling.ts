import type { Resource } from "@opentelemetry/resources";
import type { WorkObserver } from "../context/unit-views.ts";
import { OnDemandProfiles } from "./on-demand-profiles.ts";
import { WorkTimeline } from "./work-timeline.ts";

/** The parts of profiling in production, where it is opted in. */
export interface Profiling {
  readonly workObserver: WorkObserver;
  readonly onDemand: OnDemandProfiles;
}

/** Creates what `TELLTALE_PROFILING` switches on. */
export function createProfiling({ resource }: { readonly resource: Resource }): Profiling {
  const work = new WorkTimeline();
  const service = String(resource.attributes["service.name"]);
  return { workObserver: work, onDemand: new OnDemandProfiles(service, work) };
}
