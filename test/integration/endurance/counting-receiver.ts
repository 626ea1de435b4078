import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** A receiver that counts spans and log records, and stores nothing. */
export interface CountingReceiver {
  readonly url: string;
  readonly port: number;
  readonly spans: number;
  readonly logs: number;
  /** Whether it answers; otherwise requests wait for ever. */
  isAvailable: boolean;
  close(): Promise<void>;
}

export async function startCountingReceiver(port = 0): Promise<CountingReceiver> {
  const counts = { spans: 0, logs: 0 };
  const state = { isAvailable: true };
  // The files of the service are compared: no idle connection may be closed meanwhile.
  const keepAliveTimeout = 600_000;
  const server = createServer({ keepAliveTimeout }, (request, response: ServerResponse) => {
    void buffer(request).then((body) => {
      if (!state.isAvailable) return;
      if (request.url === "/v1/traces") counts.spans += countItems(body);
      if (request.url === "/v1/logs") counts.logs += countItems(body);
      response.end();
    }, noop);
  });
  server.on("connection", (socket) => socket.on("error", noop));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const { port: openPort } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${openPort}`,
    port: openPort,
    get spans() {
      return counts.spans;
    },
    get logs() {
      return counts.logs;
    },
    get isAvailable() {
      return state.isAvailable;
    },
    set isAvailable(is: boolean) {
      state.isAvailable = is;
    },
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function noop(): void {}

const LENGTH_DELIMITED = 2;

/** Counts the spans or log records of a request: field 2 of field 2 of field 1 (`Export…ServiceRequest`). */
function countItems(request: Uint8Array): number {
  let count = 0;
  for (const resource of fieldsOf(request, 1))
    for (const scope of fieldsOf(resource, 2)) count += fieldsOf(scope, 2).length;
  return count;
}

/** Returns the messages of one field. */
function fieldsOf(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if ((tag & 7) !== LENGTH_DELIMITED) throw new Error(`unexpected field ${tag >> 3}`);
    const length = varint();
    if (tag >> 3 === wanted) found.push(message.subarray(at, at + length));
    at += length;
  }
  return found;
}
