import { once } from "node:events";
import { connect } from "node:net";

/** A connection after a handshake, over which messages are sent and answered. */
export interface Connection {
  ask(message: string): Promise<string>;
  close(): void;
}

/** Opens a connection by the handshake of HTTP's `Upgrade`. */
export async function openConnection(
  port: number,
  headers: Readonly<Record<string, string>>,
): Promise<Connection> {
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  const lines = ["GET /socket HTTP/1.1", "Host: 127.0.0.1", "Connection: Upgrade", "Upgrade: echo"];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  await once(socket, "data");
  return {
    async ask(message) {
      const response = once(socket, "data") as Promise<[string]>;
      socket.write(message);
      return (await response)[0];
    },
    close: () => socket.destroy(),
  };
}
