import type { Resource } from "@opentelemetry/resources";
import type { ProfilingConfig } from "../config/config.ts";
import type { WorkObserver } from "../context/unit-views.ts";
import {
  ContinuousProfiles,
  type ContinuousProfilesDeps,
} from "./continuous/continuous-profiles.ts";
import { appPath } from "../resource/attributes.ts";
import { OnDemandProfiles } from "./on-demand-profiles.ts";
import { WorkTimeline } from "./work-timeline.ts";

/** The parts of profiling in production, where it is opted in. */
export interface Profiling {
  readonly workObserver: WorkObserver;
  /** Undefined unless an operator may ask for profiles. */
  readonly onDemand: OnDemandProfiles | undefined;
  /** Undefined unless there is one each minute. */
  readonly continuous: ContinuousProfiles | undefined;
}

interface ProfilingDeps extends Omit<
  ContinuousProfilesDeps,
  "destination" | "resource" | "appPath"
> {
  readonly resource: Resource;
  /** What else may learn of each unit of work. */
  readonly others: { readonly workObserver: WorkObserver | undefined } | undefined;
}

/** Creates what `TELLTALE_PROFILING` switches on. */
export function createProfiling(config: ProfilingConfig, deps: ProfilingDeps): Profiling {
  const { resource, others } = deps;
  const { continuous: destination } = config;
  const path = appPath() ?? process.cwd();
  const continuous = destination && new ContinuousProfiles({ ...deps, destination, appPath: path });
  const timeline = new WorkTimeline();
  const service = String(resource.attributes["service.name"]);
  const pauseHeap = (): (() => void) => continuous?.pauseHeap() ?? (() => {});
  const observers = [others?.workObserver, continuous?.workObserver];
  return {
    workObserver: joinObservers([...observers, config.onDemand ? timeline : undefined]),
    onDemand: config.onDemand ? new OnDemandProfiles(service, timeline, pauseHeap) : undefined,
    continuous,
  };
}

function joinObservers(all: readonly (WorkObserver | undefined)[]): WorkObserver {
  const observers = all.filter((one) => one !== undefined);
  const [only] = observers;
  if (observers.length === 1 && only !== undefined) return only;
  return {
    arriving(work) {
      for (const observer of observers) observer.arriving(work);
    },
    started(unit) {
      for (const observer of observers) observer.started(unit);
    },
  };
}
