import { lazy } from "../lazy.ts";
import type { WorkEntrance } from "../context/work.ts";
import type { Entrance, WorkParts } from "./work.ts";

const loadWork = lazy<typeof import("./work.ts")>("entry/work.ts");

/** The entrance of messages and jobs, made with the first library or job that needs it. */
export interface LazyWork {
  readonly entrance: () => WorkEntrance;
  /**
   * Runs `work` as a unit of work of its own. What it returns, throws or rejects
   * with comes out as it is.
   */
  readonly runJob: RunJob;
  /** Whether any message or job has come in. */
  hasServed(): boolean;
  /** How many messages and jobs are under way. */
  underWay(): number;
  abandon(): void;
}

export type RunJob = <R>(name: string, work: () => R) => R;

export function lazyWork(parts: WorkParts): LazyWork {
  let made: Entrance | undefined;
  const entrance = (): Entrance => (made ??= loadWork().createEntrance(parts));
  return {
    entrance,
    runJob: (name, work) => {
      const started = startJob(entrance, name, parts);
      return started === undefined ? work() : started(work);
    },
    hasServed: () => made?.hasServed ?? false,
    underWay: () => made?.underWay ?? 0,
    abandon: () => made?.abandon(),
  };
}

function startJob(
  entrance: () => Entrance,
  name: string,
  { diagnostics }: WorkParts,
): (<R>(work: () => R) => R) | undefined {
  try {
    return entrance().startJob({ name });
  } catch (error) {
    diagnostics.error("work", `jobs can't be recorded: ${String(error)}`);
    return undefined;
  }
}
