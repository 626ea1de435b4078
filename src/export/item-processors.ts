import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { lazy } from "../lazy.ts";
import type { BatchConfig, OtlpConfig } from "../config/config.ts";
import type { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { BatchProcessor, type BatchProcessorDeps } from "./batch-processor.ts";
import type { EncodedItem } from "./otlp/encoded-item.ts";
import type { RetryPolicy } from "./connection/retry.ts";
import type { TelemetryExporter } from "./telemetry-exporter.ts";
import type { ItemProcessor } from "./pipeline.ts";

const loadOtlp = lazy<typeof import("./otlp/exporter.ts")>("export/otlp/exporter.ts");
const loadProtobuf = lazy<typeof import("./otlp/otlp-protobuf.ts")>("export/otlp/otlp-protobuf.ts");
const loadJson = lazy<typeof import("./otlp/otlp-json.ts")>("export/otlp/otlp-json.ts");
const loadLoadBalancer = lazy<typeof import("./load-balancing/trace-id-load-balancer.ts")>(
  "export/load-balancing/trace-id-load-balancer.ts",
);

export interface ItemProcessorDeps {
  readonly config: BatchConfig;
  readonly otlp: OtlpConfig;
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  /** Default: upstream's figures. */
  readonly retry?: RetryPolicy;
}

/**
 * Creates the pipeline that exports spans over OTLP.
 *
 * @param isPreferred whether a span is kept rather than others when the queue is full.
 */
export function createSpanProcessor<Span extends ReadableSpan>(
  deps: ItemProcessorDeps,
  isPreferred: (span: Span) => boolean = () => false,
): ItemProcessor<Span> {
  const { otlp, diagnostics, retry } = deps;
  const loadEncoder = encoderFor(otlp);
  return createItemProcessor(deps, {
    name: "spans",
    encode: (span) => loadEncoder().spans.encode(span),
    traceIdOf: (span) => span.spanContext().traceId,
    isPreferred,
    createExporter: (to = otlp, policy = retry) => {
      loadEncoder();
      return loadOtlp().createSpanExporter(to, diagnostics, policy);
    },
  });
}

/** A log record that is created when it is encoded. */
interface LazyLogRecord {
  readonly severityNumber?: number | undefined;
  toRecord(): ReadableLogRecord;
}

/** `SeverityNumber.ERROR` of OpenTelemetry. */
const ERROR_SEVERITY = 17;

/** Creates the pipeline that exports log records over OTLP. */
export function createLogProcessor(deps: ItemProcessorDeps): ItemProcessor<LazyLogRecord> {
  const { otlp, diagnostics, retry } = deps;
  const loadEncoder = encoderFor(otlp);
  return createItemProcessor(deps, {
    name: "log records",
    encode: (source) => loadEncoder().logRecords.encode(source.toRecord()),
    traceIdOf: (source) => source.toRecord().spanContext?.traceId,
    isPreferred: ({ severityNumber = 0 }) => severityNumber >= ERROR_SEVERITY,
    createExporter: (to = otlp, policy = retry) => {
      loadEncoder();
      return loadOtlp().createLogExporter(to, diagnostics, policy);
    },
  });
}

function encoderFor({ protocol }: OtlpConfig): typeof loadJson | typeof loadProtobuf {
  return protocol === "http/json" ? loadJson : loadProtobuf;
}

interface ItemKind<Item> extends Pick<BatchProcessorDeps<Item, EncodedItem>, "name" | "encode"> {
  readonly isPreferred: (item: Item) => boolean;
  readonly traceIdOf: (item: Item) => string | undefined;
  readonly createExporter: (
    to?: OtlpConfig,
    retry?: RetryPolicy,
  ) => TelemetryExporter<EncodedItem[]>;
}

const release = ({ buffer }: EncodedItem): void => buffer.release();

function createItemProcessor<Item>(
  { config, otlp, counters, diagnostics }: ItemProcessorDeps,
  { name, encode, isPreferred, traceIdOf, createExporter }: ItemKind<Item>,
): ItemProcessor<Item> {
  const shared = { name, config, counters, diagnostics, release, encode, isPreferred };
  const { gateways } = otlp;
  if (gateways === undefined)
    return new BatchProcessor({ ...shared, createExporter: () => createExporter() });
  const deps = { ...shared, gateways, traceIdOf, createExporter };
  return loadLoadBalancer().createTraceIdLoadBalancer(deps);
}
