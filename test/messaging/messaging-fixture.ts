import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { JobInfo } from "../../src/context/job.ts";
import type { ReceivedMessage } from "../../src/context/messaging.ts";
import type { UnitOfWork } from "../../src/context/unit-of-work.ts";
import type { JobCheckIn, JobOutcome } from "../../src/errors/api.ts";
import { MessagingMetrics } from "../../src/messaging/messaging-metrics.ts";
import { MessagingTracer } from "../../src/messaging/messaging-tracer.ts";
import { MetricReaderState } from "../../src/metrics/reader-state.ts";
import { createPropagator } from "../../src/traces/propagation/propagator.ts";
import { createMetricsFixture } from "../metrics/metrics-fixture.ts";
import { collectingProvider } from "../traces/provider.ts";

/** A call of `captureJobError`. */
export interface CapturedJobError {
  readonly error: unknown;
  readonly job: JobInfo | undefined;
  readonly willRetry: boolean | undefined;
}

/** A call of `startCheckIn`, or of `end` of its result. */
export interface JobOutcomeOf {
  readonly job: string | undefined;
  readonly outcome: JobOutcome | "started";
}

/** A messaging tracer over the real tracer, propagator and metric store, with the errors as a list. */
export interface MessagingFixture {
  readonly tracer: MessagingTracer;
  readonly metrics: MessagingMetrics;
  readonly spans: readonly ReadableSpan[];
  readonly captured: readonly CapturedJobError[];
  /** The starts and ends of scheduled jobs. */
  readonly outcomes: readonly JobOutcomeOf[];
  readonly internalErrors: readonly unknown[];
  readonly collect: () => Promise<ResourceMetrics>;
}

export function createMessagingFixture({
  captureJobError,
}: {
  readonly captureJobError?: () => undefined;
} = {}): MessagingFixture {
  const { provider, exported } = collectingProvider();
  const { store } = createMetricsFixture();
  const readerState = new MetricReaderState("cumulative", store.startedAt);
  const captured: CapturedJobError[] = [];
  const internalErrors: unknown[] = [];
  const metrics = new MessagingMetrics(store.provider.getMeter("telltale"));
  const record = (unit: UnitOfWork, willRetry: boolean | undefined): undefined => {
    captured.push({ error: unit.error, job: unit.jobInfo(), willRetry });
  };
  const outcomes: JobOutcomeOf[] = [];
  const startCheckIn = (unit: UnitOfWork): JobCheckIn => {
    const job = unit.jobInfo()?.name;
    outcomes.push({ job, outcome: "started" });
    return { end: (outcome) => void outcomes.push({ job, outcome }) };
  };
  const tracer = new MessagingTracer({
    tracer: provider.getTracer("telltale/work"),
    propagator: createPropagator(["tracecontext"], { sentry: false }),
    metrics,
    errors: { captureJobError: captureJobError ?? record, startCheckIn },
    onStart: () => {},
    onInternalError: (error) => internalErrors.push(error),
  });
  const collect = async (): Promise<ResourceMetrics> =>
    (await store.collect(readerState)).resourceMetrics;
  return { tracer, metrics, spans: exported, captured, outcomes, internalErrors, collect };
}

/** A message of a queue `orders` of RabbitMQ; `fields` replace or add to its own. */
export function receivedMessage(fields: Partial<ReceivedMessage> = {}): ReceivedMessage {
  return {
    system: "rabbitmq",
    destination: "orders",
    operation: "process",
    propagationHeaders: [],
    job: { name: "order.created", id: "7", queue: "orders", attempt: 1 },
    ...fields,
  };
}
