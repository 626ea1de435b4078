import type { Span } from "@opentelemetry/api";

/** Local trace (`traces/local-trace.ts`) as seen by the other pipelines. */
export interface LocalTraceHandle {
  /** Keeps the trace even if head sampling dropped it; the first reason counts. */
  keep(reason: KeepReason): void;
  /** Whether it is kept, for any reason, as far as that is decided. */
  readonly kept: boolean;
}

export type KeepReason = "sampled" | "error_captured" | "span_error" | "slow" | "forced";

/** Whether a span was created by telltale: its ids are valid, and it has a local trace. */
export function isOwnSpan(span: Span): span is Span & { readonly localTrace: LocalTraceHandle } {
  return (span as { readonly localTrace?: LocalTraceHandle }).localTrace !== undefined;
}
