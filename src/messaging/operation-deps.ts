import type { Errors } from "../errors/api.ts";
import type { CompositePropagator } from "../traces/propagation/propagator.ts";
import type { OwnTracer } from "../traces/own-tracer.ts";
import type { MessagingMetrics } from "./messaging-metrics.ts";

/** Collaborators of all message operations and jobs. */
export interface OperationDeps {
  readonly tracer: OwnTracer;
  readonly propagator: CompositePropagator;
  readonly metrics: MessagingMetrics;
  readonly errors: Pick<Errors, "captureJobError" | "startCheckIn">;
  readonly onInternalError: (error: unknown) => void;
}
