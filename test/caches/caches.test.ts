import assert from "node:assert/strict";
import { once } from "node:events";
import type { Meter } from "@opentelemetry/api";
import { type CacheRegistry, createCacheRegistry } from "../../src/caches/caches.ts";

describe("The cache registry", () => {
  let registry: CacheRegistry;
  let added: string[];
  beforeEach(() => {
    added = [];
    const add = (value: number, attributes: Readonly<Record<string, string>>): void => {
      const { "telltale.cache.name": name, "telltale.cache.result": result } = attributes;
      added.push(`${name} ${result} ${value}`);
    };
    registry = createCacheRegistry({ createCounter: () => ({ add }) } as unknown as Meter);
  });

  /** A result of `get`, and the lookup that is counted. */
  const results: readonly (readonly [title: string, result: unknown, counted: string])[] = [
    ["a value", "value", "hit"],
    ["zero", 0, "hit"],
    ["an empty text", "", "hit"],
    ["false", false, "hit"],
    ["undefined", undefined, "miss"],
    ["null", null, "miss"],
    ["a promise of a value", Promise.resolve(0), "hit"],
    ["a promise of null", Promise.resolve(null), "miss"],
  ];
  for (const [title, result, counted] of results) {
    it(`counts ${title} as a ${counted}, and passes it on`, async () => {
      const cache = { get: (): unknown => result };
      registry.watch(cache, "sessions");
      const returned = cache.get();
      assert.equal(returned instanceof Promise, result instanceof Promise);
      assert.equal(await returned, await result);
      assert.deepEqual(added, [`sessions ${counted} 1`]);
    });
  }

  it("passes this and arguments to get", () => {
    const cache = new Map([["a", 1]]);
    registry.watch(cache, "map");
    assert.deepEqual([cache.get("a"), cache.get("b")], [1, undefined]);
    assert.deepEqual(registry.stats(), [{ name: "map", hits: 1, misses: 1, ratio: 0.5 }]);
  });

  it("counts nothing for a get that throws or rejects, and passes the error on", async () => {
    const error = new Error("closed");
    const cache = {
      get: (isAsync: boolean): unknown => {
        if (isAsync) return Promise.reject(error);
        throw error;
      },
    };
    registry.watch(cache, "broken");
    assert.throws(() => cache.get(false), error);
    await assert.rejects(async () => cache.get(true), error);
    assert.deepEqual(registry.stats(), []);
  });

  it("leaves a rejection without a handler unhandled", async () => {
    const listeners = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    try {
      const error = new Error("closed");
      const unhandled = once(process, "unhandledRejection");
      const cache = { get: (): unknown => Promise.reject(error) };
      registry.watch(cache, "broken");
      cache.get();
      assert.equal((await unhandled)[0], error);
    } finally {
      for (const listener of listeners) process.on("unhandledRejection", listener);
    }
  });

  it("keeps the name of get, and whether it is enumerable", () => {
    class Cache {
      get(): number {
        return 1;
      }
    }
    const [instance, literal] = [new Cache(), { get: () => 1 }];
    for (const cache of [instance, literal]) registry.watch(cache, "cache");
    assert.equal(instance.get.name, "get");
    assert.deepEqual([Object.keys(instance), Object.keys(literal)], [[], ["get"]]);
  });

  it("throws for a cache that can't be watched, and leaves it unchanged", () => {
    const frozen = Object.freeze({ get: () => 1 });
    const throwing = {
      get get(): never {
        return assert.fail("no get");
      },
    };
    for (const cache of [frozen, throwing]) {
      assert.throws(() => registry.watch(cache, "cache"));
    }
    assert.equal(frozen.get(), 1);
    assert.deepEqual(added, []);
  });

  it("adds up lookups that are recorded in groups", () => {
    registry.recordLookups("redis", 3, 1);
    registry.recordLookups("redis", 0, 4);
    assert.deepEqual(added, ["redis hit 3", "redis miss 1", "redis miss 4"]);
    assert.deepEqual(registry.stats(), [{ name: "redis", hits: 3, misses: 5, ratio: 3 / 8 }]);
  });

  it("has a ratio of 0 without lookups", () => {
    registry.recordLookups("empty", 0, 0);
    assert.deepEqual(registry.stats(), [{ name: "empty", hits: 0, misses: 0, ratio: 0 }]);
  });

  it("counts all caches above 200 together, as other", () => {
    for (let index = 0; index < 1000; index++) registry.recordLookups(`cache ${index}`, 1, 0);
    const stats = registry.stats();
    const other = stats.find(({ name }) => name === "other");
    assert.equal(new Set(stats.map(({ name }) => name)).size, 201);
    assert.equal(other?.hits, 800);
  });
});
