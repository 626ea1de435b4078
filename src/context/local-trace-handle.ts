import type { Attributes, Span, TimeInput } from "@opentelemetry/api";

/** Local trace (`traces/local-trace.ts`) as seen by the other pipelines. */
export interface LocalTraceHandle {
  /**
   * Keeps the trace even if head sampling dropped it; the first reason counts. After its
   * spans were dropped, it exports the root.
   */
  keep(reason: KeepReason): void;
  /** Whether it is kept, for any reason, as far as that is decided. */
  readonly kept: boolean;
  /** Whether one of its spans has ended in error. */
  readonly hasFailedSpan: boolean;
  /** The number of its spans that were dropped and will not be exported. */
  readonly droppedSpans: number;
}

export type KeepReason = "sampled" | "error_captured" | "span_error" | "slow" | "forced";

/** Span of telltale's tracer that is recorded, so that its trace may be exported. */
export interface OwnSpan extends Span {
  readonly localTrace: LocalTraceHandle;
  /** Keeps its trace, and exports this span in any case, now or when it ends. */
  keepTrace(reason: KeepReason): void;
  /** Sets an attribute, also after the end as long as the span is not exported. */
  annotate(key: string, value: unknown): void;
  /** Adds an event, also after the end. Once an exporter has read the span it has no effect. */
  addLateEvent(name: string, attributes: Attributes, time: TimeInput): void;
}

export function isOwnSpan(span: Span): span is OwnSpan {
  return (span as Partial<OwnSpan>).localTrace !== undefined;
}
