import type { ContextManager, LoggerProvider, TracerProvider } from "@opentelemetry/api";
import { setGlobalErrorHandler } from "@opentelemetry/core";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { NodeSDK } from "@opentelemetry/sdk-node";
import type { ExportOutput } from "../logs/logs.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { newSpanId, newTraceId } from "../traces/ids.ts";
import type { Traces } from "../traces/traces.ts";
import { findObstacle, reportLimits } from "./limits.ts";
import type { SdkDeps } from "./sdk-deps.ts";
import { registered } from "./registration.ts";
import { createLogOutput, SdkLogProcessors } from "./sdk-logs.ts";
import { SdkMetrics, SdkReaders } from "./sdk-metrics.ts";
import { SdkSpanProcessors } from "./sdk-traces.ts";
import type { SpanObservers } from "./span-observer.ts";

/** The pipelines of `@opentelemetry/sdk-node` in the place of telltale's own. */
export interface SdkPipelines {
  readonly metrics: Metrics;
  readonly logOutput: ExportOutput;
  /** Returns the pipeline of traces, once others of the preload are known. */
  traces(observers: SpanObservers): Traces;
}

/**
 * Starts the SDK of OpenTelemetry for Node with its processors and exporters, as
 * `TELLTALE_PIPELINE=sdk` asks for. Returns undefined, and logs why, where the
 * configuration needs telltale's own pipelines.
 */
export function startSdk(deps: SdkDeps): SdkPipelines | undefined {
  const { config, diagnostics } = deps;
  const obstacle = findObstacle(deps);
  if (obstacle !== undefined) {
    diagnostics.warn(
      "pipeline",
      `TELLTALE_PIPELINE=sdk has no effect with ${obstacle}, telltale's own pipelines are used`,
    );
    return undefined;
  }
  reportLimits(config, diagnostics);
  setGlobalErrorHandler((error) =>
    diagnostics.warn("sdk", `the OpenTelemetry SDK reports: ${describe(error)}`),
  );
  const spans = new SdkSpanProcessors(deps);
  const logs = new SdkLogProcessors(deps);
  const readers = new SdkReaders(deps);
  const providers = startNodeSdk(deps, { spans, logs, readers });
  return {
    metrics: new SdkMetrics(deps, providers.metrics, readers),
    logOutput: createLogOutput(providers.logs, logs),
    traces(observers) {
      spans.observer.observers = observers;
      return spans.traces(providers.trace, config.traces.batch.exportTimeoutMs);
    },
  };
}

interface Processors {
  readonly spans: SdkSpanProcessors;
  readonly logs: SdkLogProcessors;
  readonly readers: SdkReaders;
}

interface Providers {
  readonly trace: TracerProvider & { forceFlush(): Promise<void> };
  readonly metrics: MeterProvider;
  readonly logs: LoggerProvider & { forceFlush(): Promise<void> };
}

/** Starts the SDK, and returns the providers that it registers. */
function startNodeSdk({ config, resource }: SdkDeps, processors: Processors): Providers {
  const { limits } = config.traces;
  const { sampler } = processors.spans;
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    sampler,
    idGenerator: { generateTraceId: newTraceId, generateSpanId: newSpanId },
    spanLimits: {
      attributeCountLimit: limits.attributeCount,
      attributeValueLengthLimit: limits.attributeLength,
      eventCountLimit: limits.eventCount,
      linkCountLimit: limits.linkCount,
      attributePerEventCountLimit: limits.attributesPerEvent,
      attributePerLinkCountLimit: limits.attributesPerLink,
    },
    spanProcessors: [...processors.spans.all],
    logRecordProcessors: [...processors.logs.all],
    metricReaders: [...processors.readers.all],
    // Telltale's own are registered with the API.
    textMapPropagator: null,
    contextManager: null as unknown as ContextManager,
    instrumentations: [],
  });
  sdk.start();
  // Without readers it registers no provider of metrics; a reader of the app may be added later.
  return { metrics: new MeterProvider({ resource }), ...registered } as Providers;
}

function describe(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === "string" ? error : JSON.stringify(error);
}
