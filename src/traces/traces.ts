import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan, Sampler, SpanProcessor } from "@opentelemetry/sdk-trace";
import { lazy } from "../lazy.ts";
import type { TracesConfig } from "../config/config.ts";
import type { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import type { Pipeline } from "../export/pipeline.ts";
import { createSpanProcessor } from "../export/item-processors.ts";
import type { Redactor } from "../redaction/redactor.ts";
import type { TraceSink } from "./local-trace.ts";
import { OpenSpans } from "./open-spans.ts";
import { createSampler, headProbability } from "./sampling/sampler.ts";
import type { TelltaleSpan } from "./span.ts";
import { TelltaleTracerProvider } from "./tracer-provider.ts";
import type { OnClientSpan, TracerSharedState } from "./tracer.ts";
import { TailBuffer } from "./tail-buffer.ts";

const loadConsolePrinter = lazy<typeof import("../export/console-printer.ts")>(
  "export/console-printer.ts",
);
const loadConsole = lazy<typeof import("./console.ts")>("traces/console.ts");

export interface TracesDeps {
  readonly config: TracesConfig;
  readonly resource: Resource;
  readonly redactor: Redactor;
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  readonly unsent?: UnsentTelemetry;
  readonly onClientSpan?: OnClientSpan;
  /** Extension points of OpenTelemetry, for an app's own sampler and processors. */
  readonly sampler?: Sampler;
  readonly processors?: readonly SpanProcessor[];
}

export interface Traces {
  readonly provider: TelltaleTracerProvider;
  readonly pipeline: Pipeline;
}

/** A sink whose `export` a shutdown replaces, so that exporting a span needs no check. */
interface ReplaceableSink extends TraceSink<TelltaleSpan> {
  export: TraceSink<TelltaleSpan>["export"];
}

/** The capacity for buffered spans, in full export queues. */
const BUFFER_IN_QUEUES = 4;

/** Creates the traces' pipeline: tracers, the keep decision, and the exporter. */
export function createTraces(deps: TracesDeps): Traces {
  const { config, counters } = deps;
  const output = createSpanOutput(deps);
  const sink = createSink(deps, output);
  return {
    provider: new TelltaleTracerProvider(createSharedState(deps, sink), {
      flush: (timeoutMs) => output.pipeline.flush(timeoutMs),
      onShutdown: () => {
        sink.export = () => counters.drop("shutdown", 1);
      },
      timeoutMs: config.batch.exportTimeoutMs,
    }),
    pipeline: {
      flush: (timeoutMs) => output.pipeline.flush(timeoutMs),
      drainForExit: () => {
        sink.openSpans.endAll();
        sink.tailBuffer.close();
        return output.pipeline.drainForExit();
      },
    },
  };
}

function createSink({ config, counters, unsent }: TracesDeps, output: SpanOutput): ReplaceableSink {
  return {
    tailBuffer: new TailBuffer(config.batch.maxQueueSize * BUFFER_IN_QUEUES, (reason, count) =>
      counters.drop(reason, count),
    ),
    openSpans: new OpenSpans(),
    keepSlowMs: config.keepSlowMs ?? Infinity,
    created: () => {
      counters.created++;
      unsent?.mark();
    },
    export: output.export,
  };
}

function createSharedState(
  { config, resource, redactor, processors, sampler, onClientSpan }: TracesDeps,
  sink: ReplaceableSink,
): TracerSharedState {
  const { limits } = config;
  return {
    resource,
    redactor,
    limits,
    attributeLimits: { count: limits.attributeCount, length: limits.attributeLength },
    processors: processors ?? [],
    sampler: sampler ?? createSampler(config.sampler),
    sink,
    tailSamples: config.exporters.length > 0 && !config.sampler.name.endsWith("always_off"),
    probabilityOf: sampler === undefined ? headProbability(config.sampler) : () => undefined,
    onClientSpan,
  };
}

interface SpanOutput {
  readonly export: (span: TelltaleSpan) => void;
  readonly pipeline: Pipeline;
}

function createSpanOutput(deps: TracesDeps): SpanOutput {
  const { config, counters, diagnostics } = deps;
  const toConsole = config.exporters.includes("console")
    ? loadConsolePrinter().createConsolePrinter<ReadableSpan>({
        diagnostics,
        key: "traces console",
        noun: "a span",
        load: () => loadConsole().createConsoleSpanExporter(),
      })
    : undefined;
  if (!config.exporters.includes("otlp")) {
    return {
      export: (span) => {
        counters.sent++;
        toConsole?.(span);
      },
      pipeline: { flush: async () => {}, drainForExit: () => [] },
    };
  }
  const { batch: settings, otlp } = config;
  const batch = createSpanProcessor({ config: settings, otlp, counters, diagnostics });
  return {
    export: (span) => {
      toConsole?.(span);
      batch.add(span);
    },
    pipeline: batch,
  };
}
