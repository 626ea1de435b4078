import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Blocks the event loop. */
export function blockLoop(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** An answer of a peer that arrives while the event loop is blocked. */
export interface BlockedAnswer {
  /** Resolves when the event loop has read it, which it does after the timers that are due. */
  readonly read: Promise<void>;
  /** Lets it arrive, and blocks the event loop. */
  arrive(blockedMs: number): void;
  close(): void;
}

/** Connects to the peer of an answer. */
export async function awaitBlockedAnswer(): Promise<BlockedAnswer> {
  const folder = mkdtempSync(join(tmpdir(), "telltale-answer-"));
  const path = join(folder, "socket");
  const server = createServer().listen(path);
  await once(server, "listening");
  const client = connect(path);
  const [[peer]] = (await Promise.all([
    once(server, "connection"),
    once(client, "connect"),
  ])) as unknown as [[Socket], unknown];
  const read = once(client, "data").then(() => {});
  return {
    read,
    arrive(blockedMs) {
      // It is in the other socket's buffer when this returns.
      peer.write("answer");
      blockLoop(blockedMs);
    },
    close() {
      for (const socket of [client, peer]) socket.destroy();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
