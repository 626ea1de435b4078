/** Reads each cache a few times. The last line of stdout is the result of `getCacheStats()`. */
exports.run = async ({ telltale, cacheManager, LRUCache, redis, Redis }) => {
  const cache = cacheManager.caching
    ? await cacheManager.caching("memory")
    : cacheManager.createCache({ cacheId: "products" });
  await cache.set("a", 1);
  await cache.get("a");
  await cache.get("b");
  await cache.wrap("c", async () => 3);
  await cache.wrap("c", async () => 4);
  if (cache.mget) await cache.mget(["a", "c", "d"]);

  const sessions = telltale.watchCache(new LRUCache({ max: 2 }), "sessions");
  sessions.set("ada", { id: 1 });
  sessions.get("ada");
  sessions.get("ada");
  sessions.get("bob");
  const slow = telltale.watchCache({ get: async (key) => (key === "a" ? 0 : null) }, "slow");
  await slow.get("a");
  await slow.get("b");
  telltale.watchCache(Object.freeze(new Map([["a", 1]])), "frozen").get("a");

  const { REDIS_URL: url } = process.env;
  if (url !== undefined) await readRedis(url, { redis, Redis });
  // Some counts are recorded when a promise settles.
  await new Promise((resolve) => setImmediate(resolve));
  process.stdout.write(`${JSON.stringify(telltale.getCacheStats())}\n`);
};

async function readRedis(url, { redis, Redis }) {
  const client = redis.createClient({ url });
  await client.connect();
  await client.flushAll();
  await client.set("a", "");
  await client.get("a");
  await client.mGet(["a", "b", "c"]);
  await client.close();
  const io = new Redis(`${url}/1`);
  await io.get("a");
  await io.set("a", "1");
  await io.mget("a", "b");
  await io.get("a");
  await io.quit();
}

if (require.main === module) {
  void exports.run({
    telltale: require(process.env.TELLTALE),
    cacheManager: require(process.argv[2]),
    LRUCache: require("lru-cache").LRUCache,
    redis: require("redis"),
    Redis: require("ioredis").default,
  });
}
