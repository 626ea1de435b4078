import type { PlaceName, Reporter } from "./places.ts";
import type { SourceClient } from "./http-client.ts";
import type { ErrorSourceRow } from "./row.ts";
import { startApp } from "./run.ts";
import { SocketIoSource, WebSocketSource } from "./socket-clients.ts";
import { type SourceGroup, sourcesOf } from "./source-group.ts";

/** No library catches what a listener throws. */
const reporters = {
  sync: "process",
  async: "process",
  connection: "process",
  closed: "process",
  captured: "app",
  timer: "process",
  floating: "process",
  caught: "none",
  client: "none",
} as const satisfies Partial<Record<PlaceName, Reporter>>;

/** Where the app responds; otherwise it throws before that. */
const answered: ReadonlySet<PlaceName> = new Set(["timer", "floating", "caught"]);

interface SocketOptions extends Pick<ErrorSourceRow, "framework" | "reporters"> {
  readonly app: string;
  readonly loads: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly client: new (port: number) => SourceClient;
  readonly transaction?: string;
  /** Returns the transaction of the events of a message with a span of its own. */
  readonly messageTransaction?: (place: PlaceName) => string;
}

/** Places in a listener of a message, or in a callback of it. */
const inMessages: ReadonlySet<PlaceName> = new Set([
  ...(["sync", "async", "captured", "timer", "floating", "caught"] as const),
]);

function row(options: SocketOptions): ErrorSourceRow {
  const { framework, client: Client, app, loads, env, transaction, messageTransaction } = options;
  const program = {
    app: `../../error-sources/apps/${app}`,
    group: "web",
    loads,
    ...(env !== undefined && { env }),
  };
  return {
    framework,
    app: {
      start: (receiver) => startApp(program, receiver),
      connect: (port) => new Client(port),
      pathOf: (place, value) => `/${place}/${value}`,
      isUnanswered: (place) => !answered.has(place),
    },
    reporters: options.reporters,
    isMessage: (place) => messageTransaction !== undefined && inMessages.has(place),
    transactionOf: (place) =>
      (inMessages.has(place) ? messageTransaction?.(place) : undefined) ?? transaction,
  };
}

const inWs = { ...reporters, handshake: "process" } as const;
const ws = { app: "ws", client: WebSocketSource, reporters: inWs };
const socketIo = { app: "socket-io", client: SocketIoSource, transaction: "GET /socket.io/" };
/** Socket.IO 4 calls middleware in an async function. */
const inSocketIo4 = { ...reporters, middleware: "rejection" } as const;

export const socketRows: readonly ErrorSourceRow[] = [
  row({ ...ws, framework: "`ws` 7", loads: { ws: "ws7" } }),
  row({ ...ws, framework: "`ws` 8", loads: { ws: "ws" } }),
  row({
    ...ws,
    framework: "`ws` 8 (messages as traces)",
    loads: { ws: "ws" },
    env: { OTEL_INSTRUMENTATION_WS_MESSAGES: "true" },
    messageTransaction: () => "process",
  }),
  row({
    ...socketIo,
    framework: "Socket.IO 3",
    loads: { io: "socketio3" },
    // It discards what middleware throws, and closes the connection.
    reporters: { ...reporters, middleware: "none" },
  }),
  row({
    ...socketIo,
    framework: "Socket.IO 4",
    loads: { io: "socket.io" },
    reporters: inSocketIo4,
  }),
  row({
    ...socketIo,
    framework: "Socket.IO 4 (messages as traces)",
    loads: { io: "socket.io" },
    reporters: inSocketIo4,
    env: { OTEL_INSTRUMENTATION_SOCKET_IO_MESSAGES: "true" },
    messageTransaction: (place) => `process ${place}`,
  }),
];

export const sourceGroup: SourceGroup = {
  title: "WebSockets and Socket.IO",
  sources: sourcesOf(socketRows, {
    sync: "a listener of a message that throws",
    async: "a listener of a message that rejects",
    client: "an invalid frame, a client that is refused",
  }),
};
