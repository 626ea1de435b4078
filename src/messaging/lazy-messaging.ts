import { lazy } from "../lazy.ts";
import type { MessagingInstrumenter } from "../context/messaging.ts";
import type { MessagingTracer, MessagingInstrumenterDeps } from "./messaging-tracer.ts";

const loadMessagingTracer = lazy<typeof import("./messaging-tracer.ts")>(
  "messaging/messaging-tracer.ts",
);

/** The messaging tracer, created with the first library or job that needs it. */
export interface LazyMessagingTracer {
  readonly instrumenter: () => MessagingInstrumenter;
  /**
   * Runs `work` as a unit of work. Its result, error or rejection reaches the caller
   * unchanged.
   */
  readonly runJob: RunJob;
  /** Whether any message or job was started. */
  hasHandledMessages(): boolean;
  /** Number of messages and jobs in flight. */
  inFlightCount(): number;
  endAll(): void;
}

export type RunJob = <R>(name: string, work: () => R) => R;

export function createLazyMessagingTracer(deps: MessagingInstrumenterDeps): LazyMessagingTracer {
  let created: MessagingTracer | undefined;
  const instrumenter = (): MessagingTracer =>
    (created ??= loadMessagingTracer().createMessagingInstrumenter(deps));
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
    diagnostics.error("messaging", `jobs can't be recorded: ${String(error)}`);
    return undefined;
  }
}
