import type { TracerProvider } from "@opentelemetry/api";
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace";
import type { FurtherExport } from "../config/config.ts";
import { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import { runWithDeadline } from "../export/deadline.ts";
import type { Pipeline } from "../export/pipeline.ts";
import type { Redactor } from "../redaction/redactor.ts";
import type { Traces } from "../traces/traces.ts";
import { createSampler } from "../traces/sampling/sampler.ts";
import { createSpanExporter, exitRequests } from "./otlp-exporters.ts";
import { OutstandingItems } from "./outstanding-items.ts";
import { spanWithoutSecrets } from "./own-span.ts";
import { ReplaceableSampler } from "./replaceable-sampler.ts";
import type { SdkDeps } from "./sdk-deps.ts";
import { SdkTracerProvider } from "./sdk-tracer.ts";
import { SpanObserver } from "./span-observer.ts";

/** The SDK's processors of spans, behind one that attaches spans to units of work. */
export class SdkSpanProcessors {
  readonly sampler: ReplaceableSampler;
  readonly observer: SpanObserver = new SpanObserver();
  readonly all: readonly SpanProcessor[];
  readonly #redactor: Redactor;
  readonly #outstanding: OutstandingItems<ReadableSpan>[] = [];

  constructor(deps: SdkDeps) {
    const { exporters, further = [], sampler } = deps.config.traces;
    this.#redactor = deps.redactor;
    this.sampler = new ReplaceableSampler(createSampler(sampler));
    const processors: SpanProcessor[] = [this.observer];
    if (exporters.includes("console"))
      processors.push(new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() }));
    if (exporters.includes("otlp"))
      processors.push(this.#exported(deps, deps.config.traces, deps.counters.spans));
    for (const config of further)
      processors.push(this.#exported(deps, config, new SignalCounters()));
    this.all = processors;
  }

  #exported(
    { diagnostics, unsent, redactor }: SdkDeps,
    { batch, otlp }: FurtherExport,
    counters: SignalCounters,
  ): SpanProcessor {
    const outstanding = new OutstandingItems<ReadableSpan>({
      ...{ name: "spans", config: batch, counters, diagnostics, unsent },
      exported: (span) => spanWithoutSecrets(span, redactor),
      createExitRequest: (spans, onResult) => exitRequests.spans(otlp, spans, onResult),
    });
    this.#outstanding.push(outstanding);
    return batchProcessor({ batch, otlp }, outstanding);
  }

  traces(provider: TracerProvider & { forceFlush(): Promise<void> }, timeoutMs: number): Traces {
    const pipeline: Pipeline = {
      flush: (limitMs) => runWithDeadline(limitMs, () => provider.forceFlush().catch(() => {})),
      drainForExit: () => this.#outstanding.flatMap((items) => items.drainForExit()),
    };
    const flush = async (limitMs: number): Promise<void> => {
      const flushProcessors = (): Promise<void> => this.observer.flushProcessors();
      await Promise.all([pipeline.flush(limitMs), runWithDeadline(limitMs, flushProcessors)]);
    };
    return {
      pipeline,
      provider: new SdkTracerProvider(provider, this.sampler, { flush, timeoutMs }),
      addProcessor: (processor) => this.observer.add(withoutSecrets(processor, this.#redactor)),
      setSampler: (sampler) => this.sampler.replace(sampler),
    };
  }
}

function batchProcessor(
  { batch, otlp }: FurtherExport,
  outstanding: OutstandingItems<ReadableSpan>,
): SpanProcessor {
  const processor = new BatchSpanProcessor({
    exporter: outstanding.exporter(createSpanExporter(otlp)),
    maxQueueSize: batch.maxQueueSize,
    maxExportBatchSize: batch.maxBatchSize,
    scheduledDelayMillis: batch.delayMs,
    exportTimeoutMillis: batch.exportTimeoutMs,
  });
  return {
    onStart: (span, context) => processor.onStart(span, context),
    onEnd(span) {
      if (outstanding.add(span)) processor.onEnd(span);
    },
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  };
}

/** Passes spans that have ended to a processor of the app without their secrets. */
function withoutSecrets(processor: SpanProcessor, redactor: Redactor): SpanProcessor {
  return {
    onStart: (span, context) => processor.onStart(span, context),
    onEnding: (span) => processor.onEnding?.(span),
    onEnd: (span) => processor.onEnd(spanWithoutSecrets(span, redactor)),
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  };
}
