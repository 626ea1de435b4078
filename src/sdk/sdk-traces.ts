import type { TracerProvider } from "@opentelemetry/api";
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace";
import { runWithDeadline } from "../export/deadline.ts";
import type { Pipeline } from "../export/pipeline.ts";
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
  readonly #outstanding: OutstandingItems<ReadableSpan> | undefined;

  constructor(deps: SdkDeps) {
    const { config, diagnostics, unsent, redactor, counters } = deps;
    const { exporters, batch, otlp, sampler } = config.traces;
    this.sampler = new ReplaceableSampler(createSampler(sampler));
    const processors: SpanProcessor[] = [this.observer];
    if (exporters.includes("console"))
      processors.push(new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() }));
    if (exporters.includes("otlp")) {
      this.#outstanding = new OutstandingItems<ReadableSpan>({
        ...{ name: "spans", config: batch, counters: counters.spans, diagnostics, unsent },
        exported: (span) => spanWithoutSecrets(span, redactor),
        createExitRequest: (spans, onResult) => exitRequests.spans(otlp, spans, onResult),
      });
      processors.push(batchProcessor(deps, this.#outstanding));
    }
    this.all = processors;
  }

  traces(provider: TracerProvider & { forceFlush(): Promise<void> }, timeoutMs: number): Traces {
    const pipeline: Pipeline = {
      flush: (limitMs) => runWithDeadline(limitMs, () => provider.forceFlush().catch(() => {})),
      drainForExit: () => this.#outstanding?.drainForExit() ?? [],
    };
    const flush = (limitMs: number): Promise<void> => pipeline.flush(limitMs);
    return {
      pipeline,
      provider: new SdkTracerProvider(provider, this.sampler, { flush, timeoutMs }),
      addProcessor: (processor) => this.observer.add(processor),
      setSampler: (sampler) => this.sampler.replace(sampler),
    };
  }
}

function batchProcessor(
  { config }: SdkDeps,
  outstanding: OutstandingItems<ReadableSpan>,
): SpanProcessor {
  const { batch, otlp } = config.traces;
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
