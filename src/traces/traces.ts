import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan, Sampler, SpanProcessor } from "@opentelemetry/sdk-trace";
import { loadChunk } from "../chunks.ts";
import type { TracesConfig } from "../config/config.ts";
import type { Account } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { Batch } from "../export/batch.ts";
import type { ExitRequest, Pipeline } from "../export/exit.ts";
import { Shelf, type TraceSink } from "./local-trace.ts";
import { createSampler } from "./sampling/sampler.ts";
import type { TelltaleSpan } from "./span.ts";
import { TelltaleTracerProvider } from "./tracer.ts";

export interface TracesParts {
  readonly config: TracesConfig;
  readonly resource: Resource;
  readonly account: Account;
  readonly diagnostics: Diagnostics;
  /** OpenTelemetry's own ways in, for code that brings them. */
  readonly sampler?: Sampler;
  readonly processors?: readonly SpanProcessor[];
}

export interface Traces {
  readonly provider: TelltaleTracerProvider;
  readonly pipeline: Pipeline;
}

/** Spans of undecided traces wait in as much room as two full queues. */
const SHELF_QUEUES = 2;

/** The traces' pipeline: tracers, the keep decision, and the way out. */
export function createTraces(parts: TracesParts): Traces {
  const { config, account } = parts;
  const outlet = createOutlet(parts);
  const shelf = new Shelf(config.batch.maxQueueSize * SHELF_QUEUES);
  const sink: TraceSink = {
    shelf,
    keepSlowMs: config.keepSlowMs ?? Infinity,
    made: () => {
      account.made++;
    },
    export: outlet.export,
    discard: (count) => account.drop("unsampled", count),
  };
  const provider = new TelltaleTracerProvider({
    resource: parts.resource,
    limits: config.limits,
    attributeLimits: { count: config.limits.attributeCount, length: config.limits.attributeLength },
    processors: parts.processors ?? [],
    sampler: parts.sampler ?? createSampler(config.sampler),
    sink,
    keepsLater: config.exporters.length > 0 && !config.sampler.name.endsWith("always_off"),
    probability: probabilityOf(config.sampler, parts.sampler),
  });
  return { provider, pipeline: { ...outlet.pipeline, pending: () => endOf(shelf, outlet) } };
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
  const toConsole = config.exporters.includes("console") ? createConsole() : undefined;
  if (!config.exporters.includes("otlp")) {
    return {
      export: (span) => {
        account.sent++;
        toConsole?.(span);
      },
      pipeline: { flush: async () => {}, pending: () => [] },
    };
  }
  const batch = new Batch<ReadableSpan>({
    name: "spans",
    config: config.batch,
    account,
    diagnostics,
    sender: () => loadChunk("export-otlp").createSpanSender(config.otlp, diagnostics),
  });
  return {
    export: (span) => {
      toConsole?.(span);
      batch.add(span);
    },
    pipeline: batch,
  };
}

/** Loaded with the first span. */
function createConsole(): (span: ReadableSpan) => void {
  let print: ((span: ReadableSpan) => void) | undefined;
  return (span) => (print ??= loadChunk("traces-console").createConsoleExporter())(span);
}

/** What waited for a late error waits in vain. */
function endOf(shelf: Shelf, outlet: Outlet): ExitRequest[] {
  shelf.clear();
  return outlet.pipeline.pending();
}
