import type { Context } from "@opentelemetry/api";
import { isTracingSuppressed } from "../../context/context.ts";
import { activeContext } from "../../context/manager.ts";
import type { LogRecord, LogRecordSource } from "../../logs/log-record.ts";
import type { ExtensionReport } from "../report.ts";
import { Recursion } from "./recursion.ts";
import { ProcessedRecord } from "./processed-record.ts";

/** `LogRecordProcessor` of the SDK. */
export interface LogRecordProcessor {
  onEmit(record: unknown, context: Context): unknown;
}

/** Returns a function that passes a record to a processor, and never throws. */
export function guardedLogProcessor(
  processor: LogRecordProcessor,
  what: string,
  report: ExtensionReport,
): (record: LogRecordSource) => void {
  // A processor that prints records must not get the lines that it prints.
  const recursion = new Recursion(0);
  return (source) => {
    // Those of an exporter which prints them later are suppressed by the SDK.
    if (isTracingSuppressed(activeContext())) return;
    recursion.run(() =>
      report.guard(`${what}.onEmit`, "it misses this log record", () =>
        processor.onEmit(recordOf(source.toRecord()), activeContext()),
      ),
    );
  };
}

const processed = new WeakMap<LogRecord, ProcessedRecord>();

/** Returns the same object to all processors. */
function recordOf(record: LogRecord): ProcessedRecord {
  let known = processed.get(record);
  if (known === undefined) processed.set(record, (known = new ProcessedRecord(record)));
  return known;
}
