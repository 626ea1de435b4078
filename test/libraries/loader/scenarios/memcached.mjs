import { promisify } from "node:util";

export async function run(Memcached, address) {
  const client = new Memcached(address);
  await promisify(client.set).call(client, "key", "value", 10);
  await promisify(client.get).call(client, "key");
  await promisify(client.set).call(client, "hush", "value", 10);
  await promisify(client.incr)
    .call(client, "hush", 1)
    .catch(() => {});
  client.end();
}
