import { type Context, ROOT_CONTEXT, trace, type TracerProvider } from "@opentelemetry/api";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { HistogramMetricData, MetricData, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { runWithContext } from "../context/manager.ts";
import type { TelemetryExporter } from "../export/telemetry-exporter.ts";
import type { Redactor } from "../redaction/redactor.ts";
import type {
  RecordedEvent,
  RecordedLog,
  RecordedPoint,
  RecordedPreload,
  RecordedSpan,
  TestRecorder,
} from "./test-recorder.ts";
import { CallRecorder } from "./call-recorder.ts";
import type { Development } from "./development.ts";
import { viewerAttributesOf } from "./span-data.ts";

/** Name of the span around an observed function. */
const ROOT_SPAN = "telltale.observe";
/** `DataPointType` of the SDK, without loading it. */
const HISTOGRAM = 0;
const SUM = 3;
const GAUGE = 2;

const kinds = ["internal", "server", "client", "producer", "consumer"] as const;
const statuses = ["unset", "ok", "error"] as const;

/** What tests export: nothing. All is recorded, and Sentry has an address that nothing is sent to. */
const testVariables: Readonly<Record<string, string>> = {
  OTEL_TRACES_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
  OTEL_METRICS_EXPORTER: "none",
  OTEL_TRACES_SAMPLER: "always_on",
  OTEL_PROPAGATORS: "tracecontext,baggage",
  SENTRY_DSN: "http://testing@localhost/0",
};

const unusedVariables = new Set([
  ...["SENTRY_SPOTLIGHT", "TELLTALE_VIEWER", "TELLTALE_VIEWER_FORCE"],
  "OTEL_TRACES_SAMPLER_ARG",
]);

/** Returns the environment of tests, without all that exports. */
export function environmentOfTests(
  environment: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const kept = [...environment].filter(([name]) => !unusedVariables.has(name));
  return new Map([...kept, ...Object.entries(testVariables)]);
}

/** Creates what records for `telltale/testing`, in place of what exports to the viewer. */
export function createTestObservation(recorder: TestRecorder, redactor: Redactor): Development {
  const calls = new CallRecorder(redactor);
  return {
    spanProcessor: {
      onStart: (span) => spanStarted(recorder, span),
      onEnd: (span) => {
        if (span.name !== ROOT_SPAN) recorder.spanEnded(recordedSpan(span));
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    },
    addRecord: (record) => recorder.logged(recordedLog(record.toRecord(), calls.placeOfCaller())),
    createMetricExporter: () => noMetricExporter,
    onEnvelope: (items) => {
      for (const event of eventsOf(items)) recorder.reported(event);
    },
    workObserver: undefined,
    stallObserver: undefined,
    calls,
    headSent: (timings) => timings,
    pipelines: [],
    hasUnsent: () => false,
    start({ collect, tracerProvider, flushEvents }) {
      const collectPoints = (): RecordedPoint[] => pointsOf(collect());
      const runInTrace = runnerOf(tracerProvider);
      recorder.connected({ collect: collectPoints, runInTrace, flushEvents });
    },
  };
}

const noMetricExporter: TelemetryExporter<ResourceMetrics> = {
  export: async () => ({ delivered: true, rejected: 0, retryAfterMs: 0 }),
  cancel: () => true,
  createExitRequest: () => undefined,
};

function spanStarted(recorder: TestRecorder, span: ReadableSpan): void {
  const { traceId, spanId } = span.spanContext();
  if (span.name === ROOT_SPAN) return;
  const linked = span.links.map(({ context }) => context.traceId);
  recorder.spanStarted({ traceId, spanId, name: span.name, linked });
}

function runnerOf(provider: TracerProvider): RecordedPreload["runInTrace"] {
  const tracer = provider.getTracer("telltale/testing");
  return (work) => {
    const span = tracer.startSpan(ROOT_SPAN, { root: true });
    const context: Context = trace.setSpan(ROOT_CONTEXT, span);
    const { traceId, spanId } = span.spanContext();
    return {
      result: runWithContext(context, () => work({ traceId, spanId })),
      end: () => span.end(),
    };
  };
}

function recordedSpan(span: ReadableSpan): RecordedSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    ...{ traceId, spanId, parentSpanId: span.parentSpanContext?.spanId },
    name: span.name,
    kind: kinds[span.kind] ?? "internal",
    attributes: { ...span.attributes, ...recordOf(viewerAttributesOf(span) ?? []) },
    status: statuses[span.status.code] ?? "unset",
    statusMessage: span.status.message,
    events: span.events.map(({ name, attributes = {} }) => ({ name, attributes })),
    startMs: milliseconds(span.startTime),
    durationMs: milliseconds(span.duration),
    scope: span.instrumentationScope.name,
  };
}

function recordOf(pairs: readonly unknown[]): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (let at = 0; at < pairs.length; at += 2) record[String(pairs[at])] = pairs[at + 1];
  return record;
}

function milliseconds([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1e3 + nanoseconds / 1e6;
}

function recordedLog(record: ReadableLogRecord, place: string | undefined): RecordedLog {
  return {
    severity: record.severityText,
    severityNumber: record.severityNumber ?? 0,
    body: record.body,
    attributes: { ...record.attributes },
    traceId: record.spanContext?.traceId,
    spanId: record.spanContext?.spanId,
    scope: record.instrumentationScope.name,
    // Without the name of the function.
    place: place?.split(" (", 1)[0],
  };
}

/** Returns the events of an envelope of Sentry. */
function eventsOf(envelope: readonly unknown[]): RecordedEvent[] {
  const [, items] = envelope as readonly [unknown, readonly (readonly [unknown, RecordedEvent])[]];
  return items.flatMap(([header, payload]) => {
    const { type } = header as { type?: string };
    return type === "event" ? [payload] : [];
  });
}

function pointsOf({ scopeMetrics }: ResourceMetrics): RecordedPoint[] {
  return scopeMetrics.flatMap(({ metrics }) => metrics.flatMap((metric) => pointsOfMetric(metric)));
}

function pointsOfMetric(metric: MetricData): RecordedPoint[] {
  const { name, unit } = metric.descriptor;
  const type: number = metric.dataPointType;
  const shared = { name, unit };
  if (type === SUM || type === GAUGE) {
    const kind = type === SUM ? "counter" : "gauge";
    const points = metric.dataPoints as readonly { attributes: object; value: number }[];
    return points.map(({ attributes, value }) => ({
      ...{ ...shared, kind, value, count: undefined },
      attributes: { ...attributes },
    }));
  }
  if (type !== HISTOGRAM) return [];
  return (metric as HistogramMetricData).dataPoints.map(({ attributes, value }) => ({
    ...{ ...shared, kind: "histogram", value: value.sum ?? 0, count: value.count },
    attributes: { ...attributes },
  }));
}
