import type { Span, SpanContext } from "@opentelemetry/api";
import type { LogsConfig } from "../../src/config/config.ts";
import { ROOT_CONTEXT } from "../../src/context/context.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";
import { runWithContext } from "../../src/context/manager.ts";
import { TelltaleLoggerProvider } from "../../src/logs/logger.ts";
import type { LogRecord } from "../../src/logs/log-record.ts";
import { redactor } from "../redaction/default-redactor.ts";
import { resource } from "../export/telemetry.ts";

/** The ids on a line. */
export interface LogIds {
  readonly trace_id: string;
  readonly span_id: string;
  readonly trace_flags: string;
  readonly request_id: string;
}

/** Returns the ids on a line in the request of that number. */
export function logIdsOf(request: number): LogIds {
  return {
    trace_id: (request + 1).toString(16).padStart(32, "a"),
    span_id: (request + 1).toString(16).padStart(16, "b"),
    trace_flags: "03",
    request_id: `request-${request}`,
  };
}

/** Runs a function in the context of a request. */
export function inRequest<R>(request: number, work: () => R, more: Partial<UnitOfWork> = {}): R {
  const { trace_id: traceId, span_id: spanId, request_id: requestId } = logIdsOf(request);
  const unit = Object.assign(new UnitOfWork(), { requestId }, more);
  return runWithContext(
    ROOT_CONTEXT.withSpan(fakeSpan({ traceId, spanId, traceFlags: 3 })).withUnitOfWork(unit),
    work,
  );
}

export function fakeSpan(context: SpanContext): Span {
  return { spanContext: () => context } as Span;
}

const noLimits = { attributeCount: 128, attributeLength: Infinity };

/** Creates a provider and collects its records. */
export function collectRecords(limits: LogsConfig["limits"] = noLimits): {
  readonly provider: TelltaleLoggerProvider;
  readonly records: LogRecord[];
} {
  const records: LogRecord[] = [];
  const provider = new TelltaleLoggerProvider({ resource, limits, redactor }, (source) => {
    records.push(source.toRecord());
  });
  return { provider, records };
}
