const { promisify } = require("node:util");

const SCRIPT = "return redis.error_reply('ERR ' .. ARGV[1])";

module.exports = async ({ load, installed, url }) => {
  const { createClient } = await load(installed);
  const client = createClient(url);
  client.on("error", () => {});
  const send = (name, ...args) => promisify(client[name]).call(client, ...args);
  const exec = (batch) => promisify(batch.exec).call(batch);
  const steps = {
    set: () => send("set", "item:1", "s3cret"),
    get: async () => [await send("get", "item:1"), await send("get", "nothing")],
    mget: () => send("mget", ["item:1", "nothing"]),
    batch: () => exec(client.batch().set("a", "s3cret").get("a")),
    multi: () => exec(client.multi().set("a", "s3cret").incr("counter")),
    failing: () => send("lpush", "item:1", "s3cret").catch((error) => error.message),
    unheard: async () => {
      const failed = new Promise((resolve) => client.once("error", resolve));
      client.lpush("item:1", "s3cret");
      await failed;
    },
    unknown: () => send("send_command", "NONSENSE", ["s3cret"]).catch(() => "refused"),
    script: () => send("eval", SCRIPT, 0, "s3cret").catch((error) => error.message),
    select: async () => {
      await send("select", 1);
      await send("get", "item:1");
      await send("select", 0);
    },
    parallel: () => Promise.all([send("get", "a"), send("exists", "b"), send("ttl", "c")]),
  };
  return { steps, end: () => send("quit") };
};
