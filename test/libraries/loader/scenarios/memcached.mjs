import { promisify } from "node:util";

export async function run(Memcached, address) {
  // The defaults are five seconds, which a busy host may take to respond.
  const client = new Memcached(address, { timeout: 60_000, idle: 60_000 });
  await promisify(client.set).call(client, "key", "value", 10);
  await promisify(client.get).call(client, "key");
  await promisify(client.set).call(client, "hush", "value", 10);
  await promisify(client.incr)
    .call(client, "hush", 1)
    .catch(() => {});
  client.end();
}
