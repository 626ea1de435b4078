import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the ports that Linux assigns to outgoing connections and to `listen(0)`, so that
 * no process gets one by chance between the check and its use.
 */
const FIRST_PORT = 20_000;
const PORT_COUNT = 6_000;

/**
 * The ports of this process: a stage of tests that runs beside others has the second half of
 * them (`scripts/test/mocha.ts`), as each would get ports that the other is about to use.
 */
const firstPort = FIRST_PORT + (process.env["TEST_PORTS"] === "second" ? PORT_COUNT : 0);

const handedOut = new Set<number>();

/** Returns a port that is unused at all addresses of this host; never the same twice. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = firstPort + Math.floor(Math.random() * PORT_COUNT);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if (await isFree(port)) return port;
  }
}

/** Returns several free ports. */
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
