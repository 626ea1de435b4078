import { createHash, generateKeyPairSync } from "node:crypto";
import { EventEmitter } from "node:events";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { createContext, runInNewContext } from "node:vm";
import { MessageChannel } from "node:worker_threads";
import { hostileTexts } from "./hostile-texts.ts";
import { hostileValues } from "./hostile.ts";

/** A value that an app may log, created anew for each use. */
export interface LoggedValue {
  readonly title: string;
  readonly make: () => unknown;
}

const fail = (): never => {
  throw new Error("must not reach the app");
};

function get(name: PropertyKey, read: () => unknown = fail, target: object = {}): object {
  return Object.defineProperty(target, name, { get: read, enumerable: true, configurable: true });
}

function define(target: object, properties: Readonly<Record<PropertyKey, unknown>>): object {
  for (const name of Reflect.ownKeys(properties))
    Object.defineProperty(target, name, { value: properties[name as string], configurable: true });
  return target;
}

function chain(depth: number, next: (inner: unknown) => unknown): unknown {
  let value: unknown = "end";
  for (let at = 0; at < depth; at++) value = next(value);
  return value;
}

/** A proxy of which one trap throws. */
function trapped(trap: keyof ProxyHandler<object>, target: object = { a: 1 }): object {
  return new Proxy(target, { [trap]: fail });
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const numbers: readonly LoggedValue[] = [
  0,
  1,
  -1,
  0.1,
  5e-324,
  1.7976931348623157e308,
  Number.EPSILON,
  1e21,
  1e-7,
  2 ** 53,
  -(2 ** 63),
  Infinity,
  0n,
  -1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  2n ** 64n,
].map((value) => ({ title: `the ${typeof value} ${value}`, make: () => value }));

const symbols: readonly LoggedValue[] = [
  Symbol("a"),
  Symbol(""),
  Symbol("a\nb"),
  Symbol.iterator,
  Symbol.for("level"),
  Symbol.for("message"),
].map((value) => ({ title: `the symbol ${JSON.stringify(String(value))}`, make: () => value }));

const keys: readonly LoggedValue[] = [
  "a\nb",
  'a"b',
  "\u2028",
  "\u001b[31m",
  "\ud800",
  "",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "toString",
  "then",
  "level",
  "message",
  "timestamp",
  "service",
  "environment",
  "logger",
  "trace_id",
  "span_id",
  "trace_flags",
  "request_id",
  "user_id",
  "organization_id",
  "stack",
  "error",
  "err",
  "cause",
  "exception",
  "splat",
  "fields",
  "length",
  "0",
  "-1",
  "otel.event.name",
  "[Truncated]",
  "pid",
  "hostname",
].map((key) => ({
  title: `a field called ${JSON.stringify(key)}`,
  make: () => Object.fromEntries([[key, "a\nb"]]),
}));

const converters: readonly LoggedValue[] = [
  { title: "a toJSON that returns undefined", make: () => ({ toJSON: () => undefined }) },
  { title: "a toJSON that returns a function", make: () => ({ toJSON: () => fail }) },
  { title: "a toJSON that returns a symbol", make: () => ({ toJSON: () => Symbol("s") }) },
  { title: "a toJSON that returns a bigint", make: () => ({ toJSON: () => 1n }) },
  {
    title: "a toJSON that returns a forged line",
    make: () => ({ toJSON: () => '\n{"level":"error"}' }),
  },
  { title: "a toJSON that returns a revoked proxy", make: () => ({ toJSON: () => revoked({}) }) },
  { title: "a toJSON that throws null", make: () => ({ toJSON: () => throwValue(null) }) },
  {
    title: "a toJSON that throws undefined",
    make: () => ({ toJSON: () => throwValue(undefined) }),
  },
  {
    title: "a toJSON that throws a revoked proxy",
    make: () => ({ toJSON: () => throwValue(revoked({})) }),
  },
  { title: "an async toJSON", make: () => ({ toJSON: async () => Promise.resolve(1) }) },
  { title: "a toJSON that is no function", make: () => ({ toJSON: 1 }) },
  { title: "a getter of toJSON that throws", make: () => get("toJSON") },
  { title: "a toString that throws", make: () => ({ toString: fail, valueOf: fail }) },
  { title: "a toString that is no function", make: () => ({ toString: 1, valueOf: 1 }) },
  { title: "a conversion that throws", make: () => ({ [Symbol.toPrimitive]: fail }) },
  { title: "a conversion to a symbol", make: () => ({ [Symbol.toPrimitive]: () => Symbol("s") }) },
  { title: "a tag that throws", make: () => get(Symbol.toStringTag) },
  {
    title: "an inspection that throws",
    make: () => ({ [Symbol.for("nodejs.util.inspect.custom")]: fail }),
  },
  { title: "a constructor that throws when it is read", make: () => get("constructor") },
  { title: "a getter that throws a symbol", make: () => get("a", () => throwValue(Symbol("s"))) },
  {
    title: "a getter that returns its object",
    make: () => {
      const own: object = get("a", () => own);
      return own;
    },
  },
  { title: "a getter that adds a getter at each read", make: () => growing() },
  {
    title: "a setter without a getter",
    make: () => Object.defineProperty({}, "a", { set: fail, enumerable: true }),
  },
];

function throwValue(value: unknown): never {
  throw value;
}

function growing(): object {
  const own: object = {};
  let count = 0;
  const add = (): object => get(`a${count++}`, add, own);
  return add();
}

const objects: readonly LoggedValue[] = [
  { title: "an empty object", make: () => ({}) },
  { title: "an empty list", make: () => [] },
  { title: "an empty object without prototype", make: () => Object.create(null) as unknown },
  { title: "a frozen object", make: () => Object.freeze({ a: 1 }) },
  { title: "a sealed list", make: () => Object.seal([1]) },
  {
    title: "symbols as keys",
    make: () => ({ [Symbol("a\nb")]: 1, [Symbol.for("level")]: "error" }),
  },
  {
    title: "the text of a line under winston's symbol",
    make: () => ({ [Symbol.for("message")]: "\nforged" }),
  },
  {
    title: "arguments under winston's symbol",
    make: () => ({ [Symbol.for("splat")]: [get("a")] }),
  },
  {
    title: "an object that inherits from a proxy",
    make: () => Object.create(trapped("get")) as unknown,
  },
  {
    title: "an object that inherits 10,000 times",
    make: () => chain(10_000, (inner) => Object.create(Object(inner) as object)),
  },
  { title: "lists within lists, 20,000 deep", make: () => chain(20_000, (inner) => [inner]) },
  {
    title: "maps within maps, 5,000 deep",
    make: () => chain(5000, (inner) => new Map([["a", inner]])),
  },
  { title: "sets within sets, 5,000 deep", make: () => chain(5000, (inner) => new Set([inner])) },
  { title: "a list with further properties", make: () => Object.assign([1], { a: "\n", "-1": 2 }) },
  { title: "a list with a getter", make: () => get("1", fail, [0]) },
  {
    title: "a list whose iterator throws",
    make: () => define([1, 2], { [Symbol.iterator]: fail }),
  },
  {
    title: "a list that maps to something else",
    make: () => define([1, 2], { map: fail, join: fail, toString: fail }),
  },
  {
    title: "an instance of a subclass of Array",
    make: () => new (class Shelf extends Array<unknown> {})(3),
  },
  { title: "an object like a list", make: () => ({ length: 1e9, 0: "a" }) },
  {
    title: "the arguments of a call",
    make: () =>
      (function () {
        return arguments;
      })(),
  },
  {
    title: "two objects that contain each other",
    make: () => {
      const a: Record<string, unknown> = {};
      a["b"] = { a };
      return a;
    },
  },
  {
    title: "a map that contains itself",
    make: () => {
      const map = new Map<unknown, unknown>();
      return map.set(map, map);
    },
  },
  {
    title: "a set that contains itself",
    make: () => {
      const set = new Set<unknown>();
      return set.add(set);
    },
  },
  { title: "a map whose size throws", make: () => get("size", fail, new Map([["a", 1]])) },
  {
    title: "a map with the keys of a line",
    make: () =>
      new Map([
        ["level", "error"],
        ["message", "forged"],
      ]),
  },
  {
    title: "a map with keys that convert badly",
    make: () =>
      new Map<unknown, unknown>([
        [{ toString: fail }, 1],
        [Symbol("a\n"), 2],
        [get("a"), 3],
      ]),
  },
  {
    title: "a set that overrides its methods",
    make: () => define(new Set([1]), { values: fail, forEach: fail, has: fail }),
  },
  {
    title: "an object that only inherits from Date",
    make: () => Object.create(Date.prototype) as unknown,
  },
  {
    title: "an object that only inherits from Error",
    make: () => Object.create(Error.prototype) as unknown,
  },
  {
    title: "an object that only inherits from RegExp",
    make: () => Object.create(RegExp.prototype) as unknown,
  },
  { title: "the earliest date", make: () => new Date(-8.64e15) },
  { title: "the latest date", make: () => new Date(8.64e15) },
  {
    title: "a date whose methods throw",
    make: () => define(new Date(0), { toISOString: fail, toJSON: fail, getTime: fail }),
  },
  { title: "a regular expression with a line break", make: () => new RegExp("a\\nb\u2028") },
  { title: "a regular expression whose source throws", make: () => get("source", fail, /a/) },
  {
    title: "a boxed text that overrides its conversion",
    make: () => define(new String("a\nb"), { toString: fail, valueOf: fail }),
  },
  { title: "a boxed symbol", make: () => Object(Symbol("a\nb")) as unknown },
  { title: "a boxed NaN", make: () => new Number(Number.NaN) },
];

const errors: readonly LoggedValue[] = [
  { title: "an error with a line break", make: () => new Error('failed\n{"level":"error"}') },
  {
    title: "an error without a stack",
    make: () => define(new Error("failed"), { stack: undefined }),
  },
  {
    title: "an error whose stack is an object",
    make: () => define(new Error("failed"), { stack: { a: get("b") } }),
  },
  {
    title: "an error with a forged stack",
    make: () => define(new Error("failed"), { stack: "Error\n\u001b[2J\u2028forged" }),
  },
  {
    title: "an error whose message is a symbol",
    make: () => define(new Error("failed"), { message: Symbol("s") }),
  },
  {
    title: "an error whose message is an object",
    make: () => define(new Error("failed"), { message: { a: 1n } }),
  },
  {
    title: "an error whose name is a bigint",
    make: () => define(new Error("failed"), { name: 1n }),
  },
  { title: "an error whose code throws", make: () => get("code", fail, new Error("failed")) },
  { title: "an error whose cause throws", make: () => get("cause", fail, new Error("failed")) },
  {
    title: "an error whose cause is a revoked proxy",
    make: () => new Error("failed", { cause: revoked({}) }),
  },
  {
    title: "an error with a toJSON that throws",
    make: () => define(new Error("failed"), { toJSON: fail }),
  },
  {
    title: "an error that converts badly",
    make: () => define(new Error("failed"), { toString: fail, [Symbol.toPrimitive]: fail }),
  },
  { title: "1,000 causes", make: () => chain(1000, (cause) => new Error("failed", { cause })) },
  {
    title: "two errors that cause each other",
    make: () => {
      const a = new Error("a");
      a.cause = new Error("b", { cause: a });
      return a;
    },
  },
  {
    title: "an aggregate of aggregates",
    make: () => chain(200, (inner) => new AggregateError([inner, 1, null], "all")),
  },
  {
    title: "an aggregate that contains itself",
    make: () => {
      const all = new AggregateError([], "all");
      all.errors.push(all);
      return all;
    },
  },
  {
    title: "an aggregate whose errors are no list",
    make: () => define(new AggregateError([], "all"), { errors: 1 }),
  },
  { title: "a frozen error", make: () => Object.freeze(new Error("failed")) },
  {
    title: "an error without prototype",
    make: () => Object.setPrototypeOf(new Error("failed"), null) as unknown,
  },
  {
    title: "an error of another realm",
    make: () => runInNewContext("new TypeError('failed\\nforged')") as unknown,
  },
  { title: "a proxy of an error", make: () => new Proxy(new Error("failed"), {}) },
  { title: "a DOMException", make: () => new DOMException("failed\nforged", "AbortError") },
  {
    title: "an error with fields of a line",
    make: () => Object.assign(new Error("failed"), { level: "fatal", timestamp: 0, logger: "\n" }),
  },
];

const functions: readonly LoggedValue[] = [
  { title: "an async function", make: () => async () => Promise.resolve() },
  {
    title: "a generator function",
    make: () =>
      function* () {
        yield 1;
      },
  },
  { title: "a bound function", make: () => fail.bind(null) },
  { title: "a function with fields", make: () => Object.assign(() => 1, { a: "\n" }) },
  { title: "a proxy of a function", make: () => new Proxy(() => 1, { apply: fail, get: fail }) },
  { title: "a revoked proxy of a function", make: () => revoked(() => 1) },
];

const proxies: readonly LoggedValue[] = [
  ...(
    ["get", "has", "ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf", "isExtensible"] as const
  ).map((trap) => ({
    title: `a proxy whose trap ${trap} throws`,
    make: () => trapped(trap),
  })),
  { title: "a proxy of a list whose trap get throws", make: () => trapped("get", [1, 2]) },
  {
    title: "a proxy with a key more than it has",
    make: () =>
      new Proxy(
        {},
        {
          ownKeys: () => ["a"],
          getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }),
        },
      ),
  },
  {
    title: "a proxy whose keys are no list",
    make: () => new Proxy({}, { ownKeys: () => 1 as never }),
  },
  {
    title: "a proxy with another value at each read",
    make: () => {
      let count = 0;
      return new Proxy({ a: 0 }, { get: () => count++ });
    },
  },
  {
    title: "1,000 proxies of one another",
    make: () => chain(1000, (inner) => new Proxy(Object(inner) as object, {})),
  },
  { title: "a proxy of a map", make: () => new Proxy(new Map([["a", 1]]), {}) },
  { title: "a proxy of a date", make: () => new Proxy(new Date(0), {}) },
  {
    title: "a proxy that is its own prototype's proxy",
    make: () =>
      Object.create(
        new Proxy({}, { get: (_target, _key, receiver: unknown) => receiver }),
      ) as unknown,
  },
];

const ofThePlatform: readonly LoggedValue[] = [
  { title: "a shared buffer", make: () => new SharedArrayBuffer(8) },
  { title: "a buffer that grows", make: () => growingBuffer() },
  { title: "64-bit integers", make: () => new BigInt64Array([1n, -(2n ** 63n)]) },
  { title: "half floats out of range", make: () => new Float32Array([Number.NaN, Infinity, -0]) },
  {
    title: "a buffer with a toJSON that throws",
    make: () => define(Buffer.from("a"), { toJSON: fail }),
  },
  { title: "a weak reference", make: () => new WeakRef({}) },
  { title: "an iterator", make: () => [1].values() },
  { title: "parameters of a URL", make: () => new URLSearchParams("a=1\n&b=2") },
  { title: "headers", make: () => new Headers({ a: "b" }) },
  { title: "a request", make: () => new Request("https://shop.test/") },
  { title: "a response with a body", make: () => new Response("a\nb") },
  { title: "a form", make: () => new FormData() },
  { title: "a blob", make: () => new Blob(["a\nb"]) },
  { title: "an aborted signal", make: () => AbortSignal.abort(get("a")) },
  { title: "an event", make: () => new Event("a\nb") },
  { title: "an emitter", make: () => new EventEmitter() },
  { title: "a stream", make: () => new PassThrough() },
  { title: "a web stream", make: () => Readable.toWeb(Readable.from(["a"])) },
  { title: "a socket", make: () => new Socket() },
  { title: "an incoming message", make: () => new IncomingMessage(new Socket()) },
  {
    title: "a timer",
    make: () => {
      const timer = setTimeout(() => {}, 0);
      clearTimeout(timer);
      return timer;
    },
  },
  {
    title: "a message port",
    make: () => {
      const { port1 } = new MessageChannel();
      port1.close();
      return port1;
    },
  },
  { title: "a hash", make: () => createHash("sha256") },
  { title: "a private key", make: () => generateKeyPairSync("ed25519").privateKey },
  { title: "a collator", make: () => new Intl.Collator() },
  { title: "a context of vm", make: () => createContext({ a: 1 }) },
  {
    title: "a namespace with a getter",
    make: () => get("default", () => "a\nb", Object.create(null) as object),
  },
  { title: "the process", make: () => process },
  { title: "the environment", make: () => new Proxy(process.env, {}) },
  { title: "the global object", make: () => globalThis },
  { title: "the console", make: () => console },
  { title: "Object.prototype", make: () => Object.prototype },
  { title: "Reflect", make: () => Reflect },
  { title: "JSON", make: () => JSON },
];

/** An option that TypeScript's library doesn't declare yet. */
function growingBuffer(): ArrayBuffer {
  return Reflect.construct(ArrayBuffer, [8, { maxByteLength: 16 }]) as ArrayBuffer;
}

const texts: readonly LoggedValue[] = hostileTexts.map((text) => ({
  title: `the text ${JSON.stringify(text)}`,
  make: () => text,
}));

/** More than 200 values, each of which some logger has failed on or could. */
export const loggedValues: readonly LoggedValue[] = [
  ...hostileValues,
  ...texts,
  ...[
    numbers,
    symbols,
    keys,
    converters,
    objects,
    errors,
    functions,
    proxies,
    ofThePlatform,
  ].flat(),
];

const HUGE = /million|billion|megabytes|MB|200,000/;

/** The values without those that take a second each. */
export const smallValues: readonly LoggedValue[] = loggedValues.filter(
  ({ title }) => !HUGE.test(title),
);
