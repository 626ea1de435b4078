import { ConsoleLogRecordExporter, type ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { runSuppressed } from "../context/manager.ts";

/** `OTEL_LOGS_EXPORTER=console`: the SDK's exporter, a record at a time, at once. */
export function createConsoleLogExporter(): (record: ReadableLogRecord) => void {
  const exporter = new ConsoleLogRecordExporter();
  return (record) => runSuppressed(() => exporter.export([record], () => {}));
}
