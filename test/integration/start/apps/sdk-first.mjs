import { context, metrics, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";

/* Preloaded before telltale: a manually configured OpenTelemetry SDK. `SDK` names what it registers. */

const exporter = new InMemorySpanExporter();
const processor = new SimpleSpanProcessor({ exporter });
const registrations = {
  trace: () => trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] })),
  context: () => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()),
  propagation: () => propagation.setGlobalPropagator(new W3CTraceContextPropagator()),
  metrics: () => metrics.setGlobalMeterProvider(new MeterProvider()),
};
for (const name of process.env.SDK.split(",")) registrations[name]();
globalThis.finishedSpans = async () => {
  // The exporter waits for the resource.
  await processor.forceFlush();
  return exporter.getFinishedSpans().map(({ name }) => name);
};
