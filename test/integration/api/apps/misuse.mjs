// Calls every function of the API with invalid values for every argument, and prints the errors.
import {
  context,
  logs,
  metrics,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
} from "@opentelemetry/api";

/** Factories of invalid values: a new one for each call. */
const wrong = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  "a number": () => 5,
  NaN: () => NaN,
  "a bigint": () => 5n,
  "a text": () => "text",
  "a symbol": () => Symbol("wrong"),
  "a function": () => function wrong() {},
  "a function that throws": () => throwing,
  "an empty object": () => ({}),
  "an object without a prototype": () => Object.create(null),
  "a frozen object": () => Object.freeze({ frozen: true }),
  "an array of nothing": () => [null, undefined],
  "an array of numbers": () => [1, 2, 3],
  "an object whose properties throw": () => throwingProperties(),
  "an object whose toString throws": () => ({ toString: throwing }),
  "a proxy that throws": () => proxyThatThrows(),
  "a revoked proxy": () => revoked({}),
  "a revoked proxy of an array": () => revoked([]),
  "a revoked proxy of a function": () => revoked(() => {}),
  "an invalid date": () => new Date(NaN),
};

function throwing() {
  throw new Error("the app's own");
}

function throwingProperties() {
  const names = [
    ...["kind", "root", "links", "attributes", "startTime", "schemaUrl", "unit", "description"],
    ...["advice", "valueType", "body", "timestamp", "severityNumber", "context", "code", "message"],
    ...["value", "metadata", "traceId", "spanId", "getValue", "spanContext", "timeoutMillis"],
    ...["get", "set", "keys", "name", "stack", "length", "exception", "eventName"],
  ];
  const descriptors = names.map((name) => [name, { get: throwing, enumerable: true }]);
  return Object.defineProperties({}, Object.fromEntries(descriptors));
}

function proxyThatThrows() {
  const traps = ["get", "has", "ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf"];
  return new Proxy({}, Object.fromEntries(traps.map((trap) => [trap, throwing])));
}

function revoked(target) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const tracer = trace.getTracer("misuse");
const meter = metrics.getMeter("misuse");
const logger = logs.getLogger("misuse");
const kept = new Set();

/** A context that the app implements itself. */
const emptyContext = {
  getValue: () => {},
  setValue: () => emptyContext,
  deleteValue: () => emptyContext,
};

/** The called functions: name, call and valid arguments. */
const calls = [];
function add(name, call, ...right) {
  calls.push({ name, call, right });
}
/** Replaces each property of an object by an invalid value. */
function addEach(name, call, properties) {
  for (const [property, right] of Object.entries(properties)) {
    add(`${name} { ${property} }`, (value) => call({ [property]: value }), right);
  }
}

const work = () => "done";
const spanContext = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 };
const link = { context: spanContext, attributes: { a: 1 } };
const inside = () => useAll("inside");

add(
  "trace.getTracer",
  (...args) =>
    trace
      .getTracer(...args)
      .startSpan("s")
      .end(),
  "n",
  "1",
  {},
);
add(
  "trace.setSpan",
  (ctx, span) => within(trace.setSpan(ctx, span)),
  ROOT_CONTEXT,
  tracer.startSpan("s"),
);
add(
  "trace.setSpan on the active context",
  (span) => within(trace.setSpan(context.active(), span)),
  tracer.startSpan("s"),
);
add(
  "trace.setSpanContext",
  (ctx, sc) => within(trace.setSpanContext(ctx, sc)),
  ROOT_CONTEXT,
  spanContext,
);
add(
  "trace.wrapSpanContext",
  (sc) => within(trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext(sc))),
  spanContext,
);
addEach(
  "trace.wrapSpanContext",
  (sc) => within(trace.setSpan(context.active(), trace.wrapSpanContext({ ...spanContext, ...sc }))),
  { ...spanContext, isRemote: true, traceState: undefined },
);
add("trace.getSpan", (ctx) => trace.getSpan(ctx), ROOT_CONTEXT);
add("trace.deleteSpan", (ctx) => trace.deleteSpan(ctx), ROOT_CONTEXT);
for (const method of ["spanContext", "isRecording"]) {
  add(
    `a span whose ${method} is wrong`,
    (value) =>
      within(trace.setSpan(context.active(), { spanContext: () => spanContext, [method]: value })),
    work,
  );
  add(
    `a span whose ${method} returns an invalid value`,
    (value) =>
      within(
        trace.setSpan(context.active(), { spanContext: () => spanContext, [method]: () => value }),
      ),
    spanContext,
  );
}
add("tracer.startSpan", (...args) => tracer.startSpan(...args).end(), "s", {}, ROOT_CONTEXT);
addEach("tracer.startSpan", (options) => tracer.startSpan("s", options).end(), {
  kind: SpanKind.CLIENT,
  root: true,
  startTime: Date.now(),
  attributes: { a: 1 },
  links: [link],
});
add(
  "tracer.startSpan { links: [it] }",
  (value) => tracer.startSpan("s", { links: [value] }).end(),
  link,
);
add(
  "tracer.startSpan { attributes: { it } }",
  (value) => tracer.startSpan("s", { attributes: { value } }).end(),
  1,
);
add("tracer.startActiveSpan of two", (...args) => tracer.startActiveSpan(...args), "s", work);
add("tracer.startActiveSpan of three", (...args) => tracer.startActiveSpan(...args), "s", {}, work);
add(
  "tracer.startActiveSpan of four",
  (...args) => tracer.startActiveSpan(...args),
  "s",
  {},
  ROOT_CONTEXT,
  inside,
);
const onSpan =
  (use) =>
  (...args) => {
    const span = tracer.startSpan("s");
    use(span, ...args);
    span.end();
  };
const spanMethods = {
  setAttribute: ["key", "value"],
  setAttributes: [{ key: "value" }],
  addEvent: ["event", { key: "value" }, Date.now()],
  addLink: [link],
  addLinks: [[link]],
  setStatus: [{ code: 2, message: "m" }],
  updateName: ["name"],
  recordException: [new Error("e"), Date.now()],
  end: [Date.now()],
};
for (const [method, right] of Object.entries(spanMethods)) {
  add(
    `span.${method}`,
    onSpan((span, ...args) => span[method](...args)),
    ...right,
  );
}
addEach(
  "span.addLink",
  onSpan((span, value) => span.addLink(value)),
  link,
);
addEach(
  "span.addLink { context }",
  onSpan((span, value) => span.addLink({ context: { ...spanContext, ...value } })),
  { ...spanContext, traceState: undefined },
);
addEach(
  "span.setStatus",
  onSpan((span, value) => span.setStatus({ code: 2, ...value })),
  { code: 2, message: "m" },
);

add(
  "metrics.getMeter",
  (...args) =>
    metrics
      .getMeter(...args)
      .createCounter("c")
      .add(1),
  "n",
  "1",
  {},
);
const instruments = [
  ["createCounter", "add"],
  ["createUpDownCounter", "add"],
  ["createHistogram", "record"],
  ["createGauge", "record"],
];
const observables = [
  "createObservableCounter",
  "createObservableUpDownCounter",
  "createObservableGauge",
];
const options = { unit: "s", description: "d", valueType: 0, advice: {} };
for (const [create, use] of instruments) {
  add(`meter.${create}`, (...args) => meter[create](...args)[use](1), "i", {});
  addEach(`meter.${create}`, (value) => meter[create](create, value)[use](1), options);
  add(
    `meter.${create} with boundaries`,
    (value) => meter[create](create, { advice: { explicitBucketBoundaries: value } })[use](1),
    [1, 2],
  );
  const instrument = meter[create](`${create}.${use}`);
  add(`${create}.${use}`, (...args) => instrument[use](...args), 1, { a: 1 }, ROOT_CONTEXT);
  add(`${create}.${use} with an attribute`, (value) => instrument[use](1, { value }), "a");
}
for (const create of observables) {
  add(`meter.${create}`, (...args) => meter[create](...args).addCallback(work), "o", {});
  addEach(`meter.${create}`, (value) => meter[create](create, value), options);
  const observable = meter[create](`${create}.callbacks`);
  add(`${create}.addCallback`, (callback) => observable.addCallback(callback), work);
  add(`${create}.removeCallback`, (callback) => observable.removeCallback(callback), work);
  add(
    "meter.addBatchObservableCallback",
    (...args) => meter.addBatchObservableCallback(...args),
    work,
    [observable],
  );
  add(
    "meter.addBatchObservableCallback of a list",
    (value) => meter.addBatchObservableCallback(work, [value]),
    observable,
  );
  add(
    "meter.removeBatchObservableCallback",
    (...args) => meter.removeBatchObservableCallback(...args),
    work,
    [observable],
  );
}

add("logs.getLogger", (...args) => logs.getLogger(...args).emit({ body: "b" }), "n", "1", {});
addEach("logs.getLogger", (value) => logs.getLogger("n", "1", value).emit({ body: "b" }), {
  schemaUrl: "s",
  attributes: { a: 1 },
});
add("logger.emit", (record) => logger.emit(record), { body: "b" });
addEach("logger.emit", (record) => logger.emit(record), {
  ...{ body: "b", timestamp: Date.now(), observedTimestamp: Date.now(), severityNumber: 9 },
  ...{ severityText: "INFO", attributes: { a: 1 }, eventName: "e", context: ROOT_CONTEXT },
  exception: new Error("e"),
});
add("logger.enabled", (value) => logger.enabled?.(value), {});

const carrier = {
  traceparent: "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01",
  baggage: "a=1",
};
const setter = { set: (into, key, value) => (into[key] = value) };
const getter = { get: (from, key) => from[key], keys: (from) => Object.keys(from) };
add("propagation.inject", (...args) => propagation.inject(...args), context.active(), {}, setter);
addEach(
  "propagation.inject with a setter",
  (value) => propagation.inject(active(), {}, value),
  setter,
);
add(
  "propagation.extract",
  (...args) => within(propagation.extract(...args)),
  ROOT_CONTEXT,
  carrier,
  getter,
);
addEach(
  "propagation.extract with a getter",
  (value) => within(propagation.extract(ROOT_CONTEXT, carrier, { ...getter, ...value })),
  getter,
);
add(
  "propagation.extract of a header",
  (value) =>
    within(
      propagation.extract(ROOT_CONTEXT, { traceparent: value, tracestate: value, baggage: value }),
    ),
  carrier.traceparent,
);
add("propagation.getBaggage", (ctx) => propagation.getBaggage(ctx), ROOT_CONTEXT);
add(
  "propagation.setBaggage",
  (value) => within(propagation.setBaggage(context.active(), value)),
  propagation.createBaggage(),
);
add(
  "propagation.setBaggage with an entry",
  (value) =>
    within(
      propagation.setBaggage(context.active(), propagation.createBaggage().setEntry("k", value)),
    ),
  { value: "v" },
);
const received =
  propagation.getBaggage(propagation.extract(ROOT_CONTEXT, carrier)) ?? propagation.createBaggage();
const baggageMethods = {
  getEntry: ["a"],
  setEntry: ["a", { value: "v" }],
  removeEntry: ["a"],
  removeEntries: ["a", "b"],
};
for (const [method, right] of Object.entries(baggageMethods)) {
  add(`baggage.${method}`, (...args) => received[method](...args), ...right);
}
addEach(
  "baggage.setEntry",
  (value) =>
    within(propagation.setBaggage(ROOT_CONTEXT, received.setEntry("k", { value: "v", ...value }))),
  { value: "v", metadata: undefined },
);

add("context.with", (ctx, fn, self) => context.with(ctx, fn, self), ROOT_CONTEXT, work, undefined);
add("context.with, and what runs in it", (ctx) => context.with(ctx, inside), ROOT_CONTEXT);
add(
  "context.with a context of which a method is wrong",
  (value) => context.with({ getValue: value, setValue: work, deleteValue: work }, inside),
  work,
);
for (const method of ["getValue", "setValue", "deleteValue"]) {
  const contextWith = (use) => ({ ...emptyContext, [method]: use });
  add(
    `tracer.startActiveSpan in a context whose ${method} is wrong`,
    (value) => tracer.startActiveSpan("s", {}, contextWith(value), inside),
    work,
  );
  add(
    `tracer.startSpan of a root in a context whose ${method} is wrong`,
    (value) => tracer.startSpan("s", { root: true }, contextWith(value)).end(),
    work,
  );
}
add("context.bind", (...args) => context.bind(...args), ROOT_CONTEXT, work);
add("context.bind, and what runs in it", (ctx) => context.bind(ctx, inside)(), ROOT_CONTEXT);
add("context.setValue", (...args) => within(context.active().setValue(...args)), Symbol("k"), 1);
add("context.getValue", (key) => context.active().getValue(key), Symbol("k"));
add("context.deleteValue", (key) => within(context.active().deleteValue(key)), Symbol("k"));

const providers = {
  "tracer provider": trace.getTracerProvider(),
  "meter provider": metrics.getMeterProvider(),
  "logger provider": logs.getLoggerProvider(),
};
for (const [name, provider] of Object.entries(providers)) {
  if (provider.forceFlush === undefined) continue;
  const flush = (options) => kept.add(provider.forceFlush(options));
  add(`forceFlush of the ${name}`, flush, { timeoutMillis: 1 });
  addEach(`forceFlush of the ${name}`, flush, { timeoutMillis: 1 });
}

function active() {
  return trace.setSpan(context.active(), tracer.startSpan("s"));
}

function within(ctx) {
  context.with(ctx, inside);
}

/** Valid calls of an app, in the active context. */
function useAll(name) {
  tracer.startActiveSpan(name, (span) => span.end());
  meter.createHistogram("inside.histogram").record(1);
  meter.createCounter("inside.counter").add(1);
  logger.emit({ body: name });
  propagation.inject(context.active(), {});
}

const thrown = [];
function attempt(name, call, args) {
  try {
    const result = call(...args);
    if (typeof result?.then === "function") kept.add(result);
  } catch (error) {
    if (!isOwn(name, error)) thrown.push(`${name}: ${String(error?.message)}`);
  }
}

/** Whether an error is the app's: thrown by its own function, or by the call of a non-function. */
function isOwn(name, { message }) {
  if (name.includes("a revoked proxy of a function")) return message.includes("'apply'");
  return name.includes("a function that throws") && message === "the app's own";
}

let count = 0;
for (const { name, call, right } of calls) {
  attempt(`${name}()`, call, right);
  attempt(`${name} without arguments`, call, []);
  for (const [title, make] of Object.entries(wrong)) {
    attempt(`${name}, all ${title}`, call, right.map(make));
    count += 1;
    for (let place = 0; place < right.length; place += 1) {
      attempt(`${name}, ${place}: ${title}`, call, right.with(place, make()));
      count += 1;
    }
  }
}

// Collections call the callbacks.
const observed = meter.createObservableGauge("observed");
let observations = 0;
observed.addCallback((result) => {
  for (const [title, make] of Object.entries(wrong)) {
    attempt(`result.observe, 0: ${title}`, () => result.observe(make()), []);
    attempt(`result.observe, 1: ${title}`, () => result.observe(1, make()), []);
    observations += 1;
  }
});
meter.addBatchObservableCallback(
  (result) => {
    for (const [title, make] of Object.entries(wrong)) {
      attempt(`batch result.observe, 0: ${title}`, () => result.observe(make(), 1), []);
      attempt(`batch result.observe, 1: ${title}`, () => result.observe(observed, make()), []);
      attempt(`batch result.observe, 2: ${title}`, () => result.observe(observed, 1, make()), []);
    }
  },
  [observed],
);
await metrics.getMeterProvider().forceFlush?.();

const results = await Promise.allSettled(kept);
const rejected = results
  .filter(({ status }) => status === "rejected")
  .map(({ reason }) => String(reason));
useAll("after");
console.log(JSON.stringify({ thrown, rejected, count, observations, functions: calls.length }));
