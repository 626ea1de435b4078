const SCRIPT = "return redis.error_reply('ERR ' .. ARGV[1])";

module.exports = async ({ load, installed, url }) => {
  const { createClient, createClientPool } = await load(installed);
  const client = createClient({ url });
  client.on("error", () => {});
  await client.connect();
  const steps = {
    set: () => client.set("item:1", "s3cret"),
    get: async () => [await client.get("item:1"), await client.get("nothing")],
    mget: () => client.mGet(["item:1", "nothing"]),
    pipeline: () => {
      const batch = client.multi().set("a", "s3cret").get("a");
      return batch.execAsPipeline();
    },
    uniform: () => client.multi().get("a").get("b").execAsPipeline(),
    multi: () => client.multi().set("a", "s3cret").incr("counter").exec(),
    failing: () => client.lPush("item:1", "s3cret").catch((error) => error.message),
    batch: () => client.multi().set("a", "s3cret").lPush("a", "s3cret").exec().catch(String),
    unknown: () => client.sendCommand(["NONSENSE", "s3cret"]).catch(() => "refused"),
    script: () =>
      client.sendCommand(["EVAL", SCRIPT, "0", "s3cret"]).catch((error) => error.message),
    givenUp: async () => {
      const other = createClient({ url });
      other.on("error", () => {});
      await other.connect();
      const waiting = other.sendCommand(["BLPOP", "none", "0"]).catch(() => {});
      await client.ping();
      await (other.destroy ?? other.disconnect).call(other);
      await waiting;
    },
    select: async () => {
      await client.select(1);
      await client.get("item:1");
      await client.select(0);
    },
    parallel: () => Promise.all([client.get("a"), client.exists("b"), client.ttl("c")]),
  };
  const createPool = (acquireTimeout) => {
    const options = { minimum: 1, maximum: 1, acquireTimeout };
    return createClientPool?.({ url }, options) ?? client.createPool?.(options);
  };
  const [pool, impatient] = [createPool(60_000), createPool(50)];
  if (pool === undefined) return { steps, end: () => client.quit() };
  const pools = [pool, impatient];
  for (const one of pools) one.on("error", () => {});
  await Promise.all(pools.map((one) => one.connect()));
  Object.assign(steps, poolSteps(pool, impatient));
  return { steps, end: () => Promise.all([client.quit(), ...pools.map((one) => one.close())]) };
};

/** Steps with pools of one client; a busy machine takes longer than the impatient one waits. */
function poolSteps(pool, impatient) {
  const fail = () => {
    throw new Error("no");
  };
  return {
    pooled: () => Promise.all([pool.get("a"), pool.get("a")]),
    poolFailing: async () => [
      await pool.lPush("a", "s3cret").catch((error) => error.message),
      await pool.execute(() => Promise.reject(new Error("no"))).catch((error) => error.message),
      await pool.execute(fail).catch((error) => error.message),
    ],
    exhausted: async () => {
      const { promise, resolve } = Promise.withResolvers();
      const holding = impatient.execute(() => promise);
      const refused = await impatient.execute(() => {}).catch((error) => error.message);
      resolve();
      await holding;
      return refused;
    },
  };
}
