import { lazy } from "../lazy.ts";
import type { MessagingInstrumenter } from "../context/messaging.ts";
import type { MessagingTracer, MessagingInstrumenterDeps } from "./messaging-tracer.ts";

const loadWork = lazy<typeof import("./messaging-tracer.ts")>("messaging/messaging-tracer.ts");

/** The entrance of messages and jobs, made with the first library or job that needs it. */
export interface LazyMessagingTracer {
  readonly instrumenter: () => MessagingInstrumenter;
  /**
   * Runs `work` as a unit of work of its own. What it returns, throws or rejects
   * with comes out as it is.
   */
  readonly runJob: RunJob;
  /** Whether any message or job has come in. */
  hasHandledMessages(): boolean;
  /** How many messages and jobs are under way. */
  inFlightCount(): number;
  endAll(): void;
}

export type RunJob = <R>(name: string, work: () => R) => R;

export function createLazyMessagingTracer(deps: MessagingInstrumenterDeps): LazyMessagingTracer {
  let created: MessagingTracer | undefined;
  const instrumenter = (): MessagingTracer =>
    (created ??= loadWork().createMessagingInstrumenter(deps));
  return {
    instrumenter,
    runJob: (name, work) => {
      const started = startJob(instrumenter, name, deps);
      return started === undefined ? work() : started(work);
    },
    hasHandledMessages: () => created?.hasHandledMessages ?? false,
    inFlightCount: () => created?.inFlightCount ?? 0,
    endAll: () => created?.endAll(),
  };
}

function startJob(
  instrumenter: () => MessagingTracer,
  name: string,
  { diagnostics }: MessagingInstrumenterDeps,
): (<R>(work: () => R) => R) | undefined {
  try {
    return instrumenter().startJob({ name });
  } catch (error) {
    diagnostics.error("work", `jobs can't be recorded: ${String(error)}`);
    return undefined;
  }
}
