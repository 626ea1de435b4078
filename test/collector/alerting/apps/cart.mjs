import { createServer } from "node:http";
import { createRequire } from "node:module";

/* Carts in Redis, by the client of that name. Its commands wait while Redis is down. */
const stores = createRequire(new URL("../../../libraries/stores/package.json", import.meta.url));
const { createClient } = stores("redis");
const { PORT, REDIS_URL } = process.env;

const client = createClient({ url: REDIS_URL });
client.on("error", () => {});
await client.connect();

createServer((request, response) => {
  client.get(`cart:${request.url}`).then(
    (cart) => response.end(cart),
    () => response.writeHead(500).end(),
  );
}).listen(Number(PORT), "127.0.0.1", () => process.stdout.write("open\n"));
