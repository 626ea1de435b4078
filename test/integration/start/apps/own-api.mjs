import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";

/*
 * An app with a copy of `@opentelemetry/api` of its own, named by the first
 * argument (and how to load it by the second), that uses all of it in two
 * requests. Prints the result of each call as JSON.
 */

const [name, way] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const api = way === "import" ? await import(name) : require(name);
const { context, diag, metrics, propagation, trace, ROOT_CONTEXT } = api;

const tracer = trace.getTracer("app", "1.2.3");
const KEY = api.createContextKey("own");
const REMOTE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

const calls = {
  "active span": () => trace.getSpan(context.active())?.isRecording() === true,
  child: () => {
    const span = tracer.startSpan("child", { attributes: { own: 1 } });
    span.addEvent("event").setAttribute("more", [1, 2]).end();
  },
  "child of a child": async () => {
    await tracer.startActiveSpan("outer", async (outer) => {
      await new Promise(setImmediate);
      tracer.startSpan("inner").end();
      outer.end();
    });
  },
  "set span": () => {
    const span = tracer.startSpan("set");
    context.with(trace.setSpan(context.active(), span), () => tracer.startSpan("under").end());
    span.end();
  },
  "context value": async () => {
    const found = await context.with(context.active().setValue(KEY, "value"), async () => {
      await new Promise(setImmediate);
      return context.active().getValue(KEY);
    });
    return [found, context.active().getValue(KEY) ?? null];
  },
  bind: () => {
    const bound = context.bind(context.active().setValue(KEY, "bound"), () =>
      context.active().getValue(KEY),
    );
    return context.with(ROOT_CONTEXT, bound);
  },
  inject: () => {
    const carrier = {};
    const baggage = propagation.createBaggage({ customer: { value: "7" } });
    propagation.inject(propagation.setBaggage(context.active(), baggage), carrier);
    return { fields: Object.keys(carrier).toSorted(), baggage: carrier.baggage };
  },
  extract: () => {
    const remote = propagation.extract(ROOT_CONTEXT, { traceparent: REMOTE });
    tracer.startSpan("remote", {}, remote).end();
  },
  "wrapped context": () => {
    const [, traceId, spanId] = REMOTE.split("-");
    const span = trace.wrapSpanContext({ traceId, spanId, traceFlags: 1, isRemote: true });
    tracer.startSpan("wrapped", {}, trace.setSpan(ROOT_CONTEXT, span)).end();
  },
  root: () => tracer.startSpan("root", { root: true }).end(),
  instruments: () => {
    if (metrics === undefined) return "none";
    const meter = metrics.getMeter("app");
    meter.createCounter("app.counter").add(2, { own: "yes" });
    meter.createUpDownCounter("app.updown").add(-1);
    meter.createHistogram("app.histogram", { unit: "s" }).record(0.5);
    meter.createObservableGauge("app.gauge").addCallback((result) => result.observe(42));
    return "made";
  },
  diag: () => {
    const logged = [];
    const note = (...args) => logged.push(args[0]);
    const logger = { error: note, warn: note, info: note, debug: note, verbose: note };
    diag.setLogger(logger, api.DiagLogLevel.ALL);
    diag.error("an error of the app");
    diag.disable();
    diag.warn("not logged");
  },
  "own providers": () => [
    trace.setGlobalTracerProvider({ getTracer: () => ({}) }),
    context.setGlobalContextManager({ active: () => ROOT_CONTEXT }),
    propagation.setGlobalPropagator({}),
  ],
};

async function doAll() {
  const found = {};
  for (const [what, call] of Object.entries(calls)) {
    try {
      found[what] = (await call()) ?? "done";
    } catch (error) {
      found[what] = String(error.stack);
    }
  }
  return found;
}

const server = createServer(async (request, response) => {
  const found = request.url === "/all" ? await doAll() : tracer.startSpan("later").end();
  response.end(JSON.stringify(found ?? {}));
});
await once(server.listen(0, "127.0.0.1"), "listening");
const ask = async (path) => {
  const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`);
  return response.json();
};
const found = await ask("/all");
trace.disable();
await ask("/later");
const page = await fetch(
  `http://127.0.0.1:${process.env.OTEL_EXPORTER_PROMETHEUS_PORT}/metrics`,
).then(
  (response) => response.text(),
  () => "",
);
console.log(
  JSON.stringify({ found, page: page.split("\n").filter((line) => line.startsWith("app_")) }),
);
server.close();
server.closeAllConnections();
