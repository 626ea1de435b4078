import assert from "node:assert/strict";

/** A value that an app may log. */
interface Hostile {
  readonly title: string;
  readonly make: () => unknown;
  /** What is kept of it, exactly. */
  readonly copy?: unknown;
  /** Why it is not logged with winston's own JSON. */
  readonly notForWinston?: string;
  /** What holds of that. */
  check?(made: unknown): void;
}

/** Values on which serialisers throw, hang, or lose their head. */
export const hostileValues: readonly Hostile[] = [
  { title: "nothing", make: () => undefined, copy: undefined },
  { title: "null within", make: () => ["a", null].filter(Boolean), copy: ["a"] },
  { title: "a function", make: () => () => 1, copy: undefined },
  { title: "a class", make: () => Account, copy: undefined },
  { title: "a symbol", make: () => Symbol("s"), copy: "Symbol(s)" },
  { title: "NaN", make: () => Number.NaN, copy: Number.NaN },
  { title: "infinity", make: () => -Infinity, copy: -Infinity },
  { title: "a whole number beyond 64 bits", make: () => 1e300, copy: 1e300 },
  { title: "a whole number of 54 bits", make: () => 2 ** 53 + 2, copy: 2 ** 53 + 2 },
  { title: "a small bigint", make: () => 12n, copy: 12 },
  { title: "a bigint of 64 bits", make: () => 2n ** 62n + 1n, copy: 2n ** 62n + 1n },
  { title: "a bigint of 80 bits", make: () => 2n ** 80n, copy: "1208925819614629174706176" },
  { title: "minus nothing", make: () => -0, copy: -0 },
  {
    title: "a bigint of a million digits",
    notForWinston: "takes all memory or time",
    make: () => -(1n << 4_000_000n),
    check: (made: unknown) => assert.match(String(made), /^-0x10{1000000}$/),
  },
  {
    title: "a text of a million characters",
    make: () => "x".repeat(1_000_000),
    copy: "x".repeat(1_000_000),
  },
  { title: "half a surrogate pair", make: () => "a\ud83d", copy: "a\ufffd" },
  { title: "a boxed string", make: () => new String("boxed"), copy: "boxed" },
  { title: "a boxed bigint", make: () => Object(7n) as unknown, copy: 7 },
  { title: "a date", make: () => new Date(0), copy: "1970-01-01T00:00:00.000Z" },
  { title: "an invalid date", make: () => new Date(Number.NaN), copy: "Invalid Date" },
  { title: "a regular expression", make: () => /a+/gu, copy: "/a+/gu" },
  { title: "a URL", make: () => new URL("https://shop.test/a"), copy: "https://shop.test/a" },
  { title: "a promise", make: () => Promise.resolve(1), copy: {} },
  { title: "a weak map", make: () => new WeakMap(), copy: {} },
  {
    title: "an object without prototype",
    make: () => Object.assign(Object.create(null) as object, { a: 1 }),
    copy: { a: 1 },
  },
  {
    title: "an own __proto__",
    make: () => JSON.parse('{"__proto__":{"polluted":true},"a":1}') as unknown,
    check: (made: object) => {
      assert.equal(Object.getPrototypeOf(made), Object.prototype);
      assert.equal(JSON.stringify(made), '{"__proto__":{"polluted":true},"a":1}');
    },
  },
  {
    title: "a getter that throws",
    make: () => ({
      a: 1,
      get b() {
        throw new Error("no");
      },
      c: 3,
    }),
    copy: { a: 1, b: "[Unreadable]", c: 3 },
  },
  {
    title: "a toJSON that throws",
    make: () => ({
      inner: {
        toJSON() {
          throw new Error("no");
        },
      },
      b: 2,
    }),
    copy: { inner: "[Unreadable]", b: 2 },
  },
  {
    title: "a toJSON that makes ever new ones",
    make: () => {
      const next = (): object => ({ toJSON: () => [next()] });
      return next();
    },
    check: (made: unknown) => assert.match(JSON.stringify(made), /^\[{32}null\]{32}$/),
  },
  {
    title: "a revoked proxy",
    make: () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return { proxy };
    },
    copy: { proxy: "[Unreadable]" },
  },
  {
    title: "a revoked proxy of an array",
    make: () => {
      const { proxy, revoke } = Proxy.revocable([], {});
      revoke();
      return proxy;
    },
    copy: "[Unreadable]",
  },
  {
    title: "a proxy whose every trap throws",
    make: () => new Proxy({}, throwingTraps()),
    copy: "[Unreadable]",
  },
  {
    title: "a proxy that claims endless length",
    notForWinston: "takes all memory or time",
    make: () => new Proxy([], { get: (_, key) => (key === "length" ? 1e9 : "x") }),
    check: (made: unknown[]) => {
      assert.equal(made.length, 100_001);
      assert.equal(made.at(-1), "[Truncated]");
    },
  },
  {
    title: "a proxy that works",
    make: () => new Proxy({ a: [1] }, {}),
    copy: { a: [1] },
  },
  {
    title: "a circle",
    make: () => {
      const circle: Record<string, unknown> = { a: 1 };
      circle["self"] = circle;
      circle["list"] = [circle];
      return circle;
    },
    copy: { a: 1, self: "[Circular]", list: ["[Circular]"] },
  },
  {
    title: "the same object twice, which is no circle",
    make: () => {
      const shared = { a: 1 };
      return [shared, shared];
    },
    copy: [{ a: 1 }, { a: 1 }],
  },
  {
    title: "20,000 levels",
    make: () => {
      let deep: unknown = "bottom";
      for (let i = 0; i < 20_000; i++) deep = { deep };
      return deep;
    },
    check: (made: unknown) => {
      const text = '{"deep":'.repeat(64) + "null" + "}".repeat(64);
      assert.equal(JSON.stringify(made), text);
    },
  },
  {
    title: "an array of a billion holes",
    notForWinston: "takes all memory or time",
    make: () => sparse(1e9),
    check: (made: unknown[]) => {
      assert.equal(made.length, 100_001);
      assert.deepEqual(made.slice(-2), [null, "[Truncated]"]);
    },
  },
  {
    title: "200,000 keys",
    make: () => Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`k${i}`, i])),
    check: (made: Record<string, unknown>) => {
      assert.equal(Object.keys(made).length, 100_001);
      assert.equal(made["[Truncated]"], true);
    },
  },
  {
    title: "keys that are megabytes",
    make: () => ({ ["k".repeat(5_000_000)]: 1, b: 2 }),
    check: (made: object) => assert.equal(JSON.stringify(made).length, 5_000_012),
  },
  {
    title: "a map with keys of all types",
    make: () =>
      new Map<unknown, unknown>([
        ["a", 1],
        [2, "two"],
        [Symbol("s"), true],
        [{}, []],
        [null, 0],
      ]),
    copy: { a: 1, 2: "two", "Symbol(s)": true, "[Object]": [], null: 0 },
  },
  { title: "a set", make: () => new Set([1, "a"]), copy: [1, "a"] },
  {
    title: "a map that lies about its iterator",
    make: () => {
      const map = new Map([["a", 1]]);
      map[Symbol.iterator] = map.entries = () => {
        throw new Error("no");
      };
      return map;
    },
    copy: { a: 1 },
  },
  {
    title: "what only looks like a map",
    make: () => Object.create(Map.prototype) as unknown,
    copy: {},
  },
  {
    title: "a set of a million",
    make: () => new Set(Array.from({ length: 1_000_000 }, (_, i) => i)),
    check: (made: unknown[]) => assert.equal(made.length, 100_001),
  },
  { title: "a buffer", make: () => Buffer.from("ab"), copy: new Uint8Array([97, 98]) },
  {
    title: "a buffer of 10 MB",
    notForWinston: "takes all memory or time",
    make: () => Buffer.alloc(10_000_000),
    check: (made: Uint8Array) => assert.equal(made.length, 10_000_000),
  },
  { title: "an array buffer", make: () => new Uint8Array([1]).buffer, copy: new Uint8Array([1]) },
  {
    title: "a data view",
    make: () => new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 1),
    copy: new Uint8Array([2]),
  },
  { title: "floats", make: () => new Float64Array([1.5, Number.NaN]), copy: [1.5, Number.NaN] },
  {
    title: "a detached buffer",
    make: () => {
      const bytes = new Uint8Array([1, 2]);
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      return bytes;
    },
    copy: "[Unreadable]",
  },
  {
    title: "an error whose parts throw",
    make: () =>
      Object.defineProperties(new Error("x"), {
        message: { get: throws },
        stack: { get: throws },
        name: { get: throws },
      }),
    copy: { name: "[Unreadable]", message: "[Unreadable]", stack: "[Unreadable]" },
  },
  {
    title: "an error that causes itself",
    make: () => {
      const error = new Error("loop");
      error.stack = "stack";
      error.cause = error;
      return error;
    },
    copy: { name: "Error", message: "loop", stack: "stack", cause: "[Circular]" },
  },
  {
    title: "a class instance with private fields",
    make: () => new Account(),
    copy: { owner: "ada" },
  },
  {
    title: "a text that changes with each read",
    notForWinston: "tells that we read it too",
    make: () => {
      let reads = 0;
      return {
        get count() {
          return ++reads;
        },
      };
    },
    copy: { count: 1 },
  },
  {
    title: "generators, which are not run",
    make: () =>
      (function* () {
        yield assert.fail();
      })(),
    copy: {},
  },
];

class Account {
  readonly owner = "ada";
  readonly #secret = 1;
  get secret(): number {
    return this.#secret;
  }
}

function throws(): never {
  throw new Error("no");
}

function throwingTraps(): ProxyHandler<object> {
  return new Proxy({}, { get: () => throws });
}

function sparse(length: number): unknown[] {
  const list: unknown[] = [];
  list.length = length;
  return list;
}
