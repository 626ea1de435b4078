import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan, Sampler, SpanProcessor } from "@opentelemetry/sdk-trace";
import { lazy } from "../lazy.ts";
import type { TracesConfig } from "../config/config.ts";
import type { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import type { Pipeline } from "../export/pipeline.ts";
import { createSpanProcessor } from "../export/item-processors.ts";
import type { TraceSink } from "./local-trace.ts";
import { createSampler } from "./sampling/sampler.ts";
import type { TelltaleSpan } from "./span.ts";
import { TelltaleTracerProvider } from "./tracer.ts";
import { DropTimer, SpanQuota } from "./tail-buffer.ts";

const loadConsole = lazy<typeof import("./console.ts")>("traces/console.ts");

export interface TracesDeps {
  readonly config: TracesConfig;
  readonly resource: Resource;
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  readonly unsent?: UnsentTelemetry;
  /** OpenTelemetry's own ways in, for code that brings them. */
  readonly sampler?: Sampler;
  readonly processors?: readonly SpanProcessor[];
}

export interface Traces {
  readonly provider: TelltaleTracerProvider;
  readonly pipeline: Pipeline;
}

/** A shutdown closes it, which costs the spans before nothing. */
interface ReplaceableSink extends TraceSink<TelltaleSpan> {
  export: TraceSink<TelltaleSpan>["export"];
}

/** Spans of undecided traces wait in as much room as two full queues. */
const QUOTA_IN_QUEUES = 2;

/** The traces' pipeline: tracers, the keep decision, and the way out. */
export function createTraces(deps: TracesDeps): Traces {
  const { config, counters, unsent } = deps;
  const output = createSpanOutput(deps);
  const discard = (count: number): void => counters.drop("unsampled", count);
  const dropTimer = new DropTimer(discard);
  const sink: ReplaceableSink = {
    quota: new SpanQuota(config.batch.maxQueueSize * QUOTA_IN_QUEUES),
    dropTimer,
    keepSlowMs: config.keepSlowMs ?? Infinity,
    created: () => {
      counters.created++;
      unsent?.mark();
    },
    export: output.export,
    discard,
  };
  const sharedState = {
    resource: deps.resource,
    limits: config.limits,
    attributeLimits: { count: config.limits.attributeCount, length: config.limits.attributeLength },
    processors: deps.processors ?? [],
    sampler: deps.sampler ?? createSampler(config.sampler),
    sink,
    tailSamples: config.exporters.length > 0 && !config.sampler.name.endsWith("always_off"),
    probability: headSamplingProbability(config.sampler, deps.sampler),
  };
  return {
    provider: new TelltaleTracerProvider(sharedState, {
      flush: (timeoutMs) => output.pipeline.flush(timeoutMs),
      onShutdown: () => {
        sink.export = () => counters.drop("shutdown", 1);
      },
      timeoutMs: config.batch.exportTimeoutMs,
    }),
    pipeline: {
      flush: (timeoutMs) => output.pipeline.flush(timeoutMs),
      drainForExit: () => {
        dropTimer.close();
        return output.pipeline.drainForExit();
      },
    },
  };
}

/** What the named sampler's probability is for a trace that begins here; a foreign one's is unknown. */
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
    ? createConsolePrinter(diagnostics)
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

/** Loaded with the first span. */
function createConsolePrinter(diagnostics: Diagnostics): (span: ReadableSpan) => void {
  let print: ((span: ReadableSpan) => void) | undefined;
  return (span) => {
    try {
      (print ??= loadConsole().createConsoleSpanExporter())(span);
    } catch (error) {
      diagnostics.error("traces console", `a span could not be printed: ${String(error)}`);
    }
  };
}
