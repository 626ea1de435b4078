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
import { createSampler } from "./sampling/sampler.ts";
import type { TelltaleSpan } from "./span.ts";
import { TelltaleTracerProvider } from "./tracer-provider.ts";
import type { TracerSharedState } from "./tracer.ts";
import { DropTimer, SpanQuota } from "./tail-buffer.ts";

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
const QUOTA_IN_QUEUES = 2;

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
        sink.dropTimer.close();
        return output.pipeline.drainForExit();
      },
    },
  };
}

function createSink({ config, counters, unsent }: TracesDeps, output: SpanOutput): ReplaceableSink {
  const discard = (count: number): void => counters.drop("unsampled", count);
  return {
    quota: new SpanQuota(config.batch.maxQueueSize * QUOTA_IN_QUEUES),
    dropTimer: new DropTimer(discard),
    keepSlowMs: config.keepSlowMs ?? Infinity,
    created: () => {
      counters.created++;
      unsent?.mark();
    },
    export: output.export,
    discard,
  };
}

function createSharedState(
  { config, resource, redactor, processors, sampler }: TracesDeps,
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
    probability: headSamplingProbability(config.sampler, sampler),
  };
}

/** Returns the probability with which the configured sampler keeps a trace that starts here; a custom one's is unknown. */
function headSamplingProbability(
  { name, ratio }: TracesConfig["sampler"],
  customSampler: Sampler | undefined,
): number | undefined {
  if (customSampler !== undefined) return undefined;
  return name.endsWith("traceidratio") ? ratio : 1;
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
