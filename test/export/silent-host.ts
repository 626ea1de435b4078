import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { node } from "../nodes.ts";

/** An address of this host where connections are neither accepted nor refused. */
export interface SilentHost {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts a process that listens but is stopped, and whose backlog is full: Linux drops further SYNs.
 *
 * @param unusedPort default: any free port.
 */
export async function startSilentHost(unusedPort = 0): Promise<SilentHost> {
  const code = `require("net").createServer().listen({ port: ${unusedPort}, host: "127.0.0.1", backlog: 1 },
    function () { console.log(this.address().port); });`;
  const child = spawn(node, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  child.kill("SIGSTOP");
  const sockets: Socket[] = [];
  for (let isFull = false; !isFull;) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    sockets.push(socket);
    const connected = once(socket, "connect").then(() => true);
    isFull = !(await Promise.race([connected, afterHandshakeTime()]));
  }
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Longer than a handshake on the loopback, shorter than its first retry. */
function afterHandshakeTime(): Promise<false> {
  return new Promise((resolve) => {
    // Timers run before connections in a turn of the loop: one more turn shows an established connection.
    setTimeout(() => setImmediate(resolve, false), 300);
  });
}
