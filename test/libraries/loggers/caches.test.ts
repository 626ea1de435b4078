import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Redis, startRedis } from "../servers/redis.ts";
import { caches } from "./rows.ts";
import { type LoggerRun, runLogger } from "./run.ts";

const telltale = fileURLToPath(new URL("../../../dist/index.js", import.meta.url));

interface Stats {
  readonly name: string;
  readonly hits: number;
  readonly misses: number;
  readonly ratio: number;
}

describe("Cache hits and misses", () => {
  let redis: Redis;
  before(async () => {
    redis = await startRedis();
  });
  after(() => redis.stop());

  for (const { library, installed, moduleSystem, node } of caches) {
    it(`are counted for ${library} (${installed}) in ${moduleSystem} on Node ${node}, with lru-cache and Redis`, async () => {
      const run = await runLogger(`caches.${moduleSystem === "esm" ? "mjs" : "cjs"}`, {
        node,
        args: [installed],
        env: { TELLTALE: telltale, REDIS_URL: redis.url, OTEL_METRICS_EXPORTER: "otlp" },
      });
      assert.equal(run.code, 0, run.stderr);
      const host = new URL(redis.url).host;
      const isVersion5 = installed === "cache-manager5";
      const expected: readonly Stats[] = [
        isVersion5 ? stats("cache-manager", 2, 2) : stats("products", 4, 3),
        stats("sessions", 2, 1),
        stats("slow", 1, 1),
        stats(`redis ${host}/0`, 2, 2),
        stats(`redis ${host}/1`, 2, 2),
      ];
      assert.deepEqual(JSON.parse(run.stdout.trim().split("\n").at(-1) ?? ""), expected);
      assert.deepEqual(countedBy(run), expected);
    });
  }

  it("are empty without the preload, and the caches work", async () => {
    const run = await runLogger("caches.mjs", {
      bare: true,
      args: ["cache-manager"],
      env: { TELLTALE: telltale },
    });
    assert.deepEqual([run.code, run.stdout], [0, "[]\n"]);
  });
});

function stats(name: string, hits: number, misses: number): Stats {
  return { name, hits, misses, ratio: hits / (hits + misses) };
}

/** Returns the same statistics from the metric. */
function countedBy({ metrics }: LoggerRun): Stats[] {
  const found = new Map<string, { hit: number; miss: number }>();
  const points = metrics.find(({ name }) => name === "telltale.cache.requests")?.points ?? [];
  for (const { attributes, value = 0 } of points) {
    const name = attributes["telltale.cache.name"] as string;
    const counts = found.get(name) ?? { hit: 0, miss: 0 };
    counts[attributes["telltale.cache.result"] as "hit" | "miss"] = value;
    found.set(name, counts);
  }
  return [...found].map(([name, { hit, miss }]) => stats(name, hit, miss));
}
