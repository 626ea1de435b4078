import type { Resource } from "@opentelemetry/resources";
import type { WorkObserver } from "../context/unit-views.ts";
import { OnDemandProfiles } from "./on-demand-profiles.ts";
import { WorkTimeline } from "./work-timeline.ts";

/** The parts of profiling in production, where it is opted in. */
export interface Profiling {
  readonly workObserver: WorkObserver;
  readonly onDemand: OnDemandProfiles;
}

/**
 * Creates what `TELLTALE_PROFILING` switches on.
 *
 * @param others what else may learn of each unit of work
 */
export function createProfiling(
  resource: Resource,
  others: { readonly workObserver: WorkObserver | undefined } | undefined,
): Profiling {
  const other = others?.workObserver;
  const timeline = new WorkTimeline();
  const service = String(resource.attributes["service.name"]);
  return {
    workObserver: other === undefined ? timeline : joinObservers(other, timeline),
    onDemand: new OnDemandProfiles(service, timeline),
  };
}

function joinObservers(first: WorkObserver, second: WorkObserver): WorkObserver {
  return {
    arriving(work) {
      first.arriving(work);
      second.arriving(work);
    },
    started(unit) {
      first.started(unit);
      second.started(unit);
    },
  };
}
