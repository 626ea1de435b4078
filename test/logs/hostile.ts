import assert from "node:assert/strict";

/** A value that an app may log. */
interface HostileValue {
  readonly title: string;
  readonly make: () => unknown;
  /** Its copy, exactly. */
  readonly expectedCopy?: unknown;
  /** Why the test with winston's own JSON skips it. */
  readonly winstonFailure?: string;
  /** Checks a copy that can't be written down. */
  check?(copy: unknown): void;
}

/** Values on which serialisers throw, hang or run out of memory. */
export const hostileValues: readonly HostileValue[] = [
  { title: "undefined", make: () => undefined, expectedCopy: undefined },
  { title: "a filtered list", make: () => ["a", null].filter(Boolean), expectedCopy: ["a"] },
  { title: "a function", make: () => () => 1, expectedCopy: undefined },
  { title: "a class", make: () => PrivateFieldClass, expectedCopy: undefined },
  { title: "a symbol", make: () => Symbol("s"), expectedCopy: "Symbol(s)" },
  { title: "NaN", make: () => Number.NaN, expectedCopy: Number.NaN },
  { title: "infinity", make: () => -Infinity, expectedCopy: -Infinity },
  { title: "an integer beyond 64 bits", make: () => 1e300, expectedCopy: 1e300 },
  { title: "an integer of 54 bits", make: () => 2 ** 53 + 2, expectedCopy: 2 ** 53 + 2 },
  { title: "a small bigint", make: () => 12n, expectedCopy: 12 },
  { title: "a bigint of 64 bits", make: () => 2n ** 62n + 1n, expectedCopy: 2n ** 62n + 1n },
  {
    title: "a bigint of 80 bits",
    make: () => 2n ** 80n,
    expectedCopy: "1208925819614629174706176",
  },
  { title: "minus zero", make: () => -0, expectedCopy: -0 },
  {
    title: "a bigint of a million digits",
    winstonFailure: "takes all memory or time",
    make: () => -(1n << 4_000_000n),
    check: (copy: unknown) => assert.match(String(copy), /^-0x10{1000000}$/),
  },
  {
    title: "a text of a million characters",
    make: () => "x".repeat(1_000_000),
    expectedCopy: "x".repeat(1_000_000),
  },
  { title: "half a surrogate pair", make: () => "a\ud83d", expectedCopy: "a\ufffd" },
  { title: "a boxed string", make: () => new String("boxed"), expectedCopy: "boxed" },
  { title: "a boxed bigint", make: () => Object(7n) as unknown, expectedCopy: 7 },
  { title: "a date", make: () => new Date(0), expectedCopy: "1970-01-01T00:00:00.000Z" },
  { title: "an invalid date", make: () => new Date(Number.NaN), expectedCopy: "Invalid Date" },
  { title: "a regular expression", make: () => /a+/gu, expectedCopy: "/a+/gu" },
  {
    title: "a URL",
    make: () => new URL("https://shop.test/a"),
    expectedCopy: "https://shop.test/a",
  },
  { title: "a promise", make: () => Promise.resolve(1), expectedCopy: {} },
  { title: "a weak map", make: () => new WeakMap(), expectedCopy: {} },
  {
    title: "an object without prototype",
    make: () => Object.assign(Object.create(null) as object, { a: 1 }),
    expectedCopy: { a: 1 },
  },
  {
    title: "an own __proto__",
    make: () => JSON.parse('{"__proto__":{"polluted":true},"a":1}') as unknown,
    check: (copy: object) => {
      assert.equal(Object.getPrototypeOf(copy), Object.prototype);
      assert.equal(JSON.stringify(copy), '{"__proto__":{"polluted":true},"a":1}');
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
    expectedCopy: { a: 1, b: "[Unreadable]", c: 3 },
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
    expectedCopy: { inner: "[Unreadable]", b: 2 },
  },
  {
    title: "a toJSON that returns another toJSON endlessly",
    make: () => {
      const next = (): object => ({ toJSON: () => [next()] });
      return next();
    },
    check: (copy: unknown) => assert.match(JSON.stringify(copy), /^\[{32}null\]{32}$/),
  },
  {
    title: "a revoked proxy",
    make: () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return { proxy };
    },
    expectedCopy: { proxy: "[Unreadable]" },
  },
  {
    title: "a revoked proxy of an array",
    make: () => {
      const { proxy, revoke } = Proxy.revocable([], {});
      revoke();
      return proxy;
    },
    expectedCopy: "[Unreadable]",
  },
  {
    title: "a proxy whose every trap throws",
    make: () => new Proxy({}, throwingTraps()),
    expectedCopy: "[Unreadable]",
  },
  {
    title: "a proxy with a length of a billion",
    winstonFailure: "takes all memory or time",
    make: () => new Proxy([], { get: (_, key) => (key === "length" ? 1e9 : "x") }),
    check: (copy: unknown[]) => {
      assert.equal(copy.length, 100_001);
      assert.equal(copy.at(-1), "[Truncated]");
    },
  },
  {
    title: "a proxy that works",
    make: () => new Proxy({ a: [1] }, {}),
    expectedCopy: { a: [1] },
  },
  {
    title: "a circular object",
    make: () => {
      const circle: Record<string, unknown> = { a: 1 };
      circle["self"] = circle;
      circle["list"] = [circle];
      return circle;
    },
    expectedCopy: { a: 1, self: "[Circular]", list: ["[Circular]"] },
  },
  {
    title: "the same object twice, which is not circular",
    make: () => {
      const shared = { a: 1 };
      return [shared, shared];
    },
    expectedCopy: [{ a: 1 }, { a: 1 }],
  },
  {
    title: "20,000 levels",
    make: () => {
      let deep: unknown = "bottom";
      for (let i = 0; i < 20_000; i++) deep = { deep };
      return deep;
    },
    check: (copy: unknown) => {
      const text = '{"deep":'.repeat(64) + "null" + "}".repeat(64);
      assert.equal(JSON.stringify(copy), text);
    },
  },
  {
    title: "an array of a billion holes",
    winstonFailure: "takes all memory or time",
    make: () => sparse(1e9),
    check: (copy: unknown[]) => {
      assert.equal(copy.length, 100_001);
      assert.deepEqual(copy.slice(-2), [null, "[Truncated]"]);
    },
  },
  {
    title: "200,000 keys",
    make: () => Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`k${i}`, i])),
    check: (copy: Record<string, unknown>) => {
      assert.equal(Object.keys(copy).length, 100_001);
      assert.equal(copy["[Truncated]"], true);
    },
  },
  {
    title: "a key of megabytes",
    make: () => ({ ["k".repeat(5_000_000)]: 1, b: 2 }),
    check: (copy: object) => assert.equal(JSON.stringify(copy).length, 5_000_012),
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
    expectedCopy: { a: 1, 2: "two", "Symbol(s)": true, "[Object]": [], null: 0 },
  },
  { title: "a set", make: () => new Set([1, "a"]), expectedCopy: [1, "a"] },
  {
    title: "a map with another iterator",
    make: () => {
      const map = new Map([["a", 1]]);
      map[Symbol.iterator] = map.entries = () => {
        throw new Error("no");
      };
      return map;
    },
    expectedCopy: { a: 1 },
  },
  {
    title: "an object that only inherits from Map",
    make: () => Object.create(Map.prototype) as unknown,
    expectedCopy: {},
  },
  {
    title: "a set of a million",
    make: () => new Set(Array.from({ length: 1_000_000 }, (_, i) => i)),
    check: (copy: unknown[]) => assert.equal(copy.length, 100_001),
  },
  { title: "a buffer", make: () => Buffer.from("ab"), expectedCopy: new Uint8Array([97, 98]) },
  {
    title: "a buffer of 10 MB",
    winstonFailure: "takes all memory or time",
    make: () => Buffer.alloc(10_000_000),
    check: (copy: Uint8Array) => assert.equal(copy.length, 10_000_000),
  },
  {
    title: "an array buffer",
    make: () => new Uint8Array([1]).buffer,
    expectedCopy: new Uint8Array([1]),
  },
  {
    title: "a data view",
    make: () => new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 1),
    expectedCopy: new Uint8Array([2]),
  },
  {
    title: "floats",
    make: () => new Float64Array([1.5, Number.NaN]),
    expectedCopy: [1.5, Number.NaN],
  },
  {
    title: "a detached buffer",
    make: () => {
      const bytes = new Uint8Array([1, 2]);
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      return bytes;
    },
    expectedCopy: "[Unreadable]",
  },
  {
    title: "an error whose properties throw",
    make: () =>
      Object.defineProperties(new Error("x"), {
        message: { get: throws },
        stack: { get: throws },
        name: { get: throws },
      }),
    expectedCopy: { name: "[Unreadable]", message: "[Unreadable]", stack: "[Unreadable]" },
  },
  {
    title: "an error that causes itself",
    make: () => {
      const error = new Error("loop");
      error.stack = "stack";
      error.cause = error;
      return error;
    },
    expectedCopy: { name: "Error", message: "loop", stack: "stack", cause: "[Circular]" },
  },
  {
    title: "a class instance with private fields",
    make: () => new PrivateFieldClass(),
    expectedCopy: { owner: "ada" },
  },
  {
    title: "a getter with another value at each read",
    winstonFailure: "shows that telltale reads it too",
    make: () => {
      let reads = 0;
      return {
        get count() {
          return ++reads;
        },
      };
    },
    expectedCopy: { count: 1 },
  },
  {
    title: "a generator, which is not run",
    make: () =>
      (function* () {
        yield assert.fail();
      })(),
    expectedCopy: {},
  },
];

class PrivateFieldClass {
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
