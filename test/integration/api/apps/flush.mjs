// Creates one item, flushes or shuts down the provider of its signal, and creates more.
import { logs, metrics, trace } from "@opentelemetry/api";

const [signal, method] = process.argv.slice(2);

const given = {
  traces: () => trace.getTracerProvider(),
  metrics: () => metrics.getMeterProvider(),
  logs: () => logs.getLoggerProvider(),
}[signal]();
const provider = given.getDelegate?.() ?? given;

function makerOf() {
  const tracer = trace.getTracer("flush");
  const meter = metrics.getMeter("flush");
  const logger = logs.getLogger("flush");
  return {
    traces: (name) => tracer.startSpan(name).end(),
    metrics: (name) => meter.createCounter(name).add(1),
    logs: (name) => logger.emit({ body: name }),
  };
}

const early = makerOf();
early[signal]("before");
const startedAt = performance.now();
await provider[method]({ timeoutMillis: Number(process.env.LIMIT_MS ?? 30_000) });
console.log(`flushed ${Math.round(performance.now() - startedAt)}`);
if (process.argv.includes("wait")) setInterval(() => {}, 1000);

early[signal]("after");
// After its shutdown a provider returns no-op instruments.
makerOf()[signal]("late");
const late = {
  traces: () => provider.getTracer("new").startSpan("late").end(),
  metrics: () => provider.getMeter("new").createCounter("late").add(1),
  logs: () => provider.getLogger("new").emit({ body: "late" }),
};
late[signal]();
for (const other of Object.keys(early)) if (other !== signal) early[other]("other");
if (method === "shutdown") {
  await provider.forceFlush();
  await provider.shutdown();
  console.log(`recording ${trace.getTracer("yet another").startSpan("x").isRecording()}`);
}
