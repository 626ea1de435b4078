const SCRIPT = "return redis.error_reply('ERR ' .. ARGV[1])";

module.exports = async ({ load, installed, url }) => {
  const Redis = await load(installed);
  const client = new Redis(url);
  // Some versions also emit replies without a command as errors, which each step has received
  // already.
  client.on("error", () => {});
  const steps = {
    set: () => client.set("item:1", "s3cret"),
    get: async () => [await client.get("item:1"), await client.get("nothing")],
    mget: () => client.mget("item:1", "nothing"),
    callback: () =>
      new Promise((resolve, reject) => {
        client.get("item:1", (error, first) => {
          if (error) return reject(error);
          client.strlen("item:1", (again, second) =>
            again ? reject(again) : resolve([first, second]),
          );
        });
      }),
    pipeline: () => client.pipeline().set("a", "s3cret").get("a").exec(),
    uniform: () =>
      client
        .pipeline([
          ["get", "a"],
          ["get", "b"],
        ])
        .exec(),
    multi: () => client.multi().set("a", "s3cret").incr("counter").exec(),
    failing: () => client.lpush("item:1", "s3cret").catch((error) => error.message),
    batch: () => client.pipeline().set("a", "s3cret").lpush("a", "s3cret").exec().then(String),
    unknown: () => client.call?.("nonsense", "s3cret").catch(() => "refused"),
    script: () => client.eval(SCRIPT, 0, "s3cret").catch((error) => error.message),
    select: async () => {
      await client.select(1);
      await client.get("item:1");
      await client.select(0);
    },
    parallel: () => Promise.all([client.get("a"), client.exists("b"), client.ttl("c")]),
  };
  const others = [];
  const open = (options) => {
    const other = new Redis(url, options);
    other.on("error", () => {});
    others.push(other);
    return other;
  };
  steps.connecting = () =>
    open({ lazyConnect: true, connectionName: "shop", db: 1, readOnly: true }).get("item:1");
  steps.together = async () => {
    const other = open({ enableAutoPipelining: true });
    const all = [other.get("item:1"), other.set("b", "s3cret"), other.lpush("b", "s3cret")];
    await Promise.allSettled(all);
    await other.get("item:1");
    await other.pipeline().get("a").get("b").exec();
  };
  return { steps, end: () => Promise.all([client, ...others].map((one) => one.quit())) };
};
