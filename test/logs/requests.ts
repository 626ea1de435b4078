import type { Span, SpanContext } from "@opentelemetry/api";
import type { LogsConfig } from "../../src/config/config.ts";
import { ROOT } from "../../src/context/context.ts";
import { Holder } from "../../src/context/holder.ts";
import { runIn } from "../../src/context/manager.ts";
import { TelltaleLoggerProvider } from "../../src/logs/logger.ts";
import type { LogRecord } from "../../src/logs/record.ts";
import { resource } from "../export/telemetry.ts";

/** The fields of a line in the request of that number. */
export interface Ids {
  readonly trace_id: string;
  readonly span_id: string;
  readonly trace_flags: string;
  readonly request_id: string;
}

export function idsOf(request: number): Ids {
  return {
    trace_id: (request + 1).toString(16).padStart(32, "a"),
    span_id: (request + 1).toString(16).padStart(16, "b"),
    trace_flags: "03",
    request_id: `request-${request}`,
  };
}

/** Runs work as the handler of a request would be run. */
export function inRequest<R>(request: number, work: () => R, more: Partial<Holder> = {}): R {
  const { trace_id: traceId, span_id: spanId, request_id: requestId } = idsOf(request);
  const holder = Object.assign(new Holder(), { requestId }, more);
  return runIn(ROOT.withSpan(spanOf({ traceId, spanId, traceFlags: 3 })).withHolder(holder), work);
}

export function spanOf(context: SpanContext): Span {
  return { spanContext: () => context } as Span;
}

const noLimits = { attributeCount: 128, attributeLength: Infinity };

/** A provider whose records are kept. */
export function collect(limits: LogsConfig["limits"] = noLimits): {
  readonly provider: TelltaleLoggerProvider;
  readonly records: LogRecord[];
} {
  const records: LogRecord[] = [];
  const provider = new TelltaleLoggerProvider({ resource, limits }, (source) => {
    records.push(source.finished());
  });
  return { provider, records };
}
