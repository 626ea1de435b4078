import { ConsoleSpanExporter, type ReadableSpan } from "@opentelemetry/sdk-trace";

/** Creates the SDK's exporter for `OTEL_TRACES_EXPORTER=console`, which prints each span at once. */
export function createConsoleSpanExporter(): (span: ReadableSpan) => void {
  const exporter = new ConsoleSpanExporter();
  return (span) => exporter.export([span], () => {});
}
