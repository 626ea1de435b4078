import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below those that Linux gives to outgoing connections and to `listen(0)`: nobody
 * gets one by chance between our look and its use.
 */
const FIRST_PORT = 20_000;
const PORT_COUNT = 12_000;

const handedOut = new Set<number>();

/** A port that nobody listens on, at any address of this machine; never the same twice. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_COUNT);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if (await isFree(port)) return port;
  }
}

/** So many of them. */
export async function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort));
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port);
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return true;
  } catch {
    return false;
  }
}
