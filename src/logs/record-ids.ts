import type { Origin } from "./correlation.ts";
import type { LogRecord } from "./record.ts";

/** The ids of the unit of work, as attributes. */
export function addHolder(record: LogRecord, { holder }: Origin): void {
  if (holder === undefined) return;
  record.add("request_id", holder.requestId);
  record.add("user_id", holder.userId);
  record.add("organization_id", holder.organizationId);
}

/** Whether a line's field says of the trace what the record has a place of its own for. */
export function isOfTrace(key: string, value: unknown, { spanContext }: LogRecord): boolean {
  switch (key) {
    case "trace_id":
      return value === spanContext?.traceId;
    case "span_id":
      return value === spanContext?.spanId;
    case "trace_flags":
      return spanContext !== undefined;
    default:
      return false;
  }
}
