import type { LogDetail } from "../model.ts";
import type { History } from "./history/history.ts";
import { logDetailOf } from "./details/log-detail.ts";
import { batchRequest } from "./items/loose-items.ts";
import { itemsOf, type OtlpItem, Origins } from "./items/otlp-items.ts";
import type { Traces } from "./traces.ts";

const MAX_LOGS = 2000;
/** Parts and batches that are read for them, of which each takes a tenth of a millisecond. */
const MAX_READ = 500;

/**
 * Returns the last log records of a history, the oldest first.
 *
 * @param before time in milliseconds since 1970, after which this process has received them
 */
export function oldLogs(traces: Traces, history: History, before: number): LogDetail[] {
  const logs: LogDetail[] = [];
  const add = (items: readonly OtlpItem[]): void => {
    for (const item of items) logs.push(logDetailOf(item));
  };
  const parts = [...history.parts.values()]
    .filter((part) => part.logs > 0 && part.changed < before)
    .toSorted((a, b) => b.changed - a.changed);
  for (const { id, traceId } of parts.slice(0, MAX_READ)) {
    if (logs.length >= MAX_LOGS) break;
    add(traces.itemsOf(traceId, id).logs);
  }
  for (const { id, start } of history.batches.slice(-MAX_READ).toReversed()) {
    const data = start < before ? history.batch(id) : undefined;
    if (data !== undefined) add(itemsOf("logs", batchRequest(data), new Origins()));
    if (logs.length >= 2 * MAX_LOGS) break;
  }
  return logs.toSorted((a, b) => a.time - b.time).slice(-MAX_LOGS);
}
