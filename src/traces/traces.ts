import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan, Sampler, SpanProcessor } from "@opentelemetry/sdk-trace";
import { lazy } from "../lazy.ts";
import type { TracesConfig } from "../config/config.ts";
import { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import { runWithDeadline } from "../export/deadline.ts";
import { joinPipelines, type Pipeline } from "../export/pipeline.ts";
import { createSpanProcessor } from "../export/item-processors.ts";
import type { Redactor } from "../redaction/redactor.ts";
import type { TraceSink } from "./local-trace.ts";
import { OpenSpans } from "./open-spans.ts";
import type { OwnTracerProvider } from "./own-tracer.ts";
import { createSampler, headProbability } from "./sampling/sampler.ts";
import type { TelltaleSpan } from "./span.ts";
import { TelltaleTracerProvider } from "./tracer-provider.ts";
import type { OnClientSpan, TracerSharedState } from "./tracer.ts";
import { TailBuffer } from "./tail-buffer.ts";

const loadConsolePrinter = lazy<typeof import("../export/console-printer.ts")>(
  "export/console-printer.ts",
);
const loadSelection = lazy<typeof import("../config/file/selection.ts")>(
  "config/file/selection.ts",
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
  /** Records all spans, also those that no exporter gets, for a processor. */
  readonly recordsAll?: boolean;
}

export interface Traces {
  readonly provider: OwnTracerProvider;
  readonly pipeline: Pipeline;
  /** Passes all later spans to a processor, which must not throw. Exported spans don't depend on it. */
  addProcessor(processor: SpanProcessor): void;
  /** Replaces the sampler of all later spans. It must not throw. */
  setSampler(sampler: Sampler): void;
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
  const output = withFurther(createSpanOutput(deps), deps);
  const sink = createSink(deps, output);
  const sharedState = createSharedState(deps, sink);
  const appProcessors: SpanProcessor[] = [];
  return {
    addProcessor(processor) {
      appProcessors.push(processor);
      sharedState.processors.push(processor);
    },
    setSampler: (sampler) => replaceSampler(sharedState, sampler, config),
    provider: new TelltaleTracerProvider(sharedState, {
      flush: (timeoutMs) => flushAll(appProcessors, output.pipeline, timeoutMs),
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
  { config, resource, redactor, processors, sampler, onClientSpan, recordsAll }: TracesDeps,
  sink: ReplaceableSink,
): TracerSharedState {
  const { limits, scopes } = config;
  return {
    resource,
    redactor,
    limits,
    attributeLimits: { count: limits.attributeCount, length: limits.attributeLength },
    processors: [...(processors ?? [])],
    sampler: sampler ?? createSampler(config.sampler),
    readsAttributes: sampler !== undefined || config.sampler.spec !== undefined,
    sink,
    tailSamples:
      recordsAll === true ||
      (config.exporters.length > 0 && !config.sampler.name.endsWith("always_off")),
    probabilityOf: sampler === undefined ? headProbability(config.sampler) : () => undefined,
    isEnabled: scopes && ((name) => loadSelection().settingsFor(scopes, name).isEnabled),
    onClientSpan,
  };
}

/** Flushes the exporter and the processors of the app, as the SDK's provider does. */
async function flushAll(
  processors: readonly SpanProcessor[],
  pipeline: Pipeline,
  timeoutMs: number,
): Promise<void> {
  const flushes = processors.map(async (processor) => processor.forceFlush());
  await Promise.all([
    pipeline.flush(timeoutMs),
    runWithDeadline(timeoutMs, async () => void (await Promise.allSettled(flushes))),
  ]);
}

/** Replaces the sampler. The probability with which the app's own keeps a trace is unknown. */
function replaceSampler(
  sharedState: TracerSharedState,
  sampler: Sampler,
  { exporters }: TracesConfig,
): void {
  sharedState.sampler = sampler;
  sharedState.readsAttributes = true;
  sharedState.probabilityOf = () => undefined;
  sharedState.tailSamples ||= exporters.length > 0;
}

/** Adds the further exporters of a configuration file. */
function withFurther(output: SpanOutput, { config, diagnostics }: TracesDeps): SpanOutput {
  if (config.further === undefined || config.further.length === 0) return output;
  const counters = new SignalCounters();
  const processors = config.further.map(({ batch, otlp }) =>
    createSpanProcessor<TelltaleSpan>({ config: batch, otlp, diagnostics, counters }),
  );
  return {
    export: (span) => {
      output.export(span);
      counters.created += processors.length;
      for (const processor of processors) processor.add(span);
    },
    pipeline: joinPipelines([output.pipeline, ...processors]),
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
  const batch = createSpanProcessor<TelltaleSpan>(
    { config: settings, otlp, counters, diagnostics },
    ({ localTrace }) => localTrace.hasError,
  );
  return {
    export: (span) => {
      toConsole?.(span);
      batch.add(span);
    },
    pipeline: batch,
  };
}
