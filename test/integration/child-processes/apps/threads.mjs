// Starts threads with all values of the option `env`, and prints what has become of it.
import { once } from "node:events";
import { SHARE_ENV, Worker, isMainThread, workerData } from "node:worker_threads";
import { trace } from "@opentelemetry/api";

const tracer = trace.getTracer("threads");

if (!isMainThread) {
  tracer.startSpan(workerData).end();
  process.on("exit", () => console.log(`${workerData}: ${process.env.TRACEPARENT}`));
} else {
  const others = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(TRACE|BAGGAGE)/.test(name)),
  );
  const environments = {
    missing: undefined,
    without: others,
    frozen: Object.freeze({ ...others }),
    shared: SHARE_ENV,
    own: { ...others, TRACEPARENT: "00-11111111111111111111111111111111-2222222222222222-01" },
  };
  const start = (name, env) =>
    once(new Worker(new URL(import.meta.url), { workerData: name, env }), "exit");
  await tracer.startActiveSpan("parent", async (span) => {
    for (const [name, env] of Object.entries(environments)) await start(name, env);
    span.end();
  });
  await start("outside", undefined);
}
