import { ConsoleSpanExporter, type ReadableSpan } from "@opentelemetry/sdk-trace";

/** `OTEL_TRACES_EXPORTER=console`: the SDK's exporter, a span at a time, at once. */
export function createConsoleSpanExporter(): (span: ReadableSpan) => void {
  const exporter = new ConsoleSpanExporter();
  return (span) => exporter.export([span], () => {});
}
