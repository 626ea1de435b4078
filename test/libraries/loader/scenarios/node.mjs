import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, createServer } from "node:net";

/** Uses built-in modules. */
export async function run() {
  await lookup("localhost");
  await readFile(new URL(import.meta.url));
  const server = createServer((socket) => socket.end());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = connect(server.address().port, "127.0.0.1");
  await once(socket.resume(), "close");
  server.close();
}
