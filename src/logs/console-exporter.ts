import { ConsoleLogRecordExporter, type ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { runSuppressed } from "../context/manager.ts";

/** Creates the exporter of `OTEL_LOGS_EXPORTER=console`: the SDK's, which prints each record at once. */
export function createConsoleLogExporter(): (record: ReadableLogRecord) => void {
  const exporter = new ConsoleLogRecordExporter();
  return (record) => runSuppressed(() => exporter.export([record], () => {}));
}
