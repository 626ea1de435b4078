import { trace } from "@opentelemetry/api";
import { promisify } from "node:util";

/** Two concurrent lookups of the same key; the second callback runs in its own span's context. */
export async function run(memoizer) {
  const load = (key, done) => setImmediate(() => done(null, key));
  const get = promisify(memoizer({ load, hash: (key) => key, max: 10 }));
  const tracer = trace.getTracer("test");
  const ask = (name) =>
    tracer.startActiveSpan(name, async (outer) => {
      await get("a");
      tracer.startSpan(`${name} after`).end();
      outer.end();
    });
  await Promise.all([ask("first"), ask("second")]);
}
