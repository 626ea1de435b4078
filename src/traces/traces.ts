import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan, Sampler, SpanProcessor } from "@opentelemetry/sdk-trace";
import { lazy } from "../lazy.ts";
import type { TracesConfig } from "../config/config.ts";
import type { Account } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Unsent } from "../diagnostics/unsent.ts";
import type { Pipeline } from "../export/exit.ts";
import { createSpanBatch } from "../export/item-batch.ts";
import type { TraceSink } from "./local-trace.ts";
import { createSampler } from "./sampling/sampler.ts";
import type { TelltaleSpan } from "./span.ts";
import { TelltaleTracerProvider } from "./tracer.ts";
import { Grace, Room } from "./undecided.ts";

const loadConsole = lazy<typeof import("./console.ts")>("traces/console.ts");

export interface TracesParts {
  readonly config: TracesConfig;
  readonly resource: Resource;
  readonly account: Account;
  readonly diagnostics: Diagnostics;
  readonly unsent?: Unsent;
  /** OpenTelemetry's own ways in, for code that brings them. */
  readonly sampler?: Sampler;
  readonly processors?: readonly SpanProcessor[];
}

export interface Traces {
  readonly provider: TelltaleTracerProvider;
  readonly pipeline: Pipeline;
}

/** A shutdown closes it, which costs the spans before nothing. */
interface OpenSink extends TraceSink<TelltaleSpan> {
  export: TraceSink<TelltaleSpan>["export"];
}

/** Spans of undecided traces wait in as much room as two full queues. */
const ROOM_QUEUES = 2;

/** The traces' pipeline: tracers, the keep decision, and the way out. */
export function createTraces(parts: TracesParts): Traces {
  const { config, account, unsent } = parts;
  const outlet = createOutlet(parts);
  const discard = (count: number): void => account.drop("unsampled", count);
  const grace = new Grace(discard);
  const sink: OpenSink = {
    room: new Room(config.batch.maxQueueSize * ROOM_QUEUES),
    grace,
    keepSlowMs: config.keepSlowMs ?? Infinity,
    made: () => {
      account.made++;
      unsent?.note();
    },
    export: outlet.export,
    discard,
  };
  const settings = {
    resource: parts.resource,
    limits: config.limits,
    attributeLimits: { count: config.limits.attributeCount, length: config.limits.attributeLength },
    processors: parts.processors ?? [],
    sampler: parts.sampler ?? createSampler(config.sampler),
    sink,
    keepsLater: config.exporters.length > 0 && !config.sampler.name.endsWith("always_off"),
    probability: probabilityOf(config.sampler, parts.sampler),
  };
  return {
    provider: new TelltaleTracerProvider(settings, {
      flush: (timeoutMs) => outlet.pipeline.flush(timeoutMs),
      stop: () => {
        sink.export = () => account.drop("shutdown", 1);
      },
      timeoutMs: config.batch.exportTimeoutMs,
    }),
    pipeline: {
      flush: (timeoutMs) => outlet.pipeline.flush(timeoutMs),
      pending: () => {
        grace.close();
        return outlet.pipeline.pending();
      },
    },
  };
}

/** What the named sampler's probability is for a trace that begins here; a foreign one's is unknown. */
function probabilityOf(
  { name, ratio }: TracesConfig["sampler"],
  foreign: Sampler | undefined,
): number | undefined {
  if (foreign !== undefined) return undefined;
  return name.endsWith("traceidratio") ? ratio : 1;
}

interface Outlet {
  readonly export: (span: TelltaleSpan) => void;
  readonly pipeline: Pipeline;
}

function createOutlet(parts: TracesParts): Outlet {
  const { config, account, diagnostics } = parts;
  const toConsole = config.exporters.includes("console") ? createConsole(diagnostics) : undefined;
  if (!config.exporters.includes("otlp")) {
    return {
      export: (span) => {
        account.sent++;
        toConsole?.(span);
      },
      pipeline: { flush: async () => {}, pending: () => [] },
    };
  }
  const { batch: settings, otlp } = config;
  const batch = createSpanBatch({ config: settings, otlp, account, diagnostics });
  return {
    export: (span) => {
      toConsole?.(span);
      batch.add(span);
    },
    pipeline: batch,
  };
}

/** Loaded with the first span. */
function createConsole(diagnostics: Diagnostics): (span: ReadableSpan) => void {
  let print: ((span: ReadableSpan) => void) | undefined;
  return (span) => {
    try {
      (print ??= loadConsole().createConsoleExporter())(span);
    } catch (error) {
      diagnostics.error("traces console", `a span could not be printed: ${String(error)}`);
    }
  };
}
