import type { LibraryRow } from "../row.ts";

/** A program of `apps/`. */
export interface WebRow extends LibraryRow {
  readonly app: string;
}

const http2 = {
  library: "node:http2",
  installed: "node:http2",
  supports:
    "server spans (`request` and `stream` events, HTTP/1 by ALPN), metrics, errors, request id",
};

export const http2Rows: readonly WebRow[] = [
  { ...http2, app: "http2.mjs", moduleSystem: "esm", node: "26" },
  { ...http2, app: "http2.cjs", moduleSystem: "cjs", node: "24" },
  { ...http2, app: "http2.mjs", moduleSystem: "esm", node: "22.15" },
];

export type GraphqlServer = "apollo" | "express" | "http" | "graphql17";

/** Apps with several servers of GraphQL each. */
export const graphqlApps: readonly {
  readonly app: string;
  readonly moduleSystem: WebRow["moduleSystem"];
  readonly node: WebRow["node"];
  readonly servers: readonly GraphqlServer[];
}[] = (
  [
    { app: "graphql.mjs", moduleSystem: "esm", node: "26" },
    { app: "graphql.cjs", moduleSystem: "cjs", node: "24" },
    { app: "graphql.mjs", moduleSystem: "esm", node: "22.15" },
  ] as const
).map((app) => ({ ...app, servers: ["apollo", "express", "http", "graphql17"] }));

const graphqlLibraries = [
  { library: "graphql", installed: "graphql" },
  { library: "graphql", installed: "graphql17" },
  { library: "@apollo/server", installed: "@apollo/server" },
  { library: "graphql-http", installed: "graphql-http" },
];

const graphqlRows: readonly WebRow[] = graphqlApps.flatMap(({ app, moduleSystem, node }) =>
  graphqlLibraries.map((library) => ({
    ...library,
    app,
    moduleSystem,
    node,
    supports: "operation on the server span, errors of resolvers",
  })),
);

/** Apps with servers of several versions of `ws` each, whose ports have the version in their names. */
export const wsApps: readonly Omit<WebRow, "library" | "installed" | "supports">[] = [
  { app: "ws.mjs", moduleSystem: "esm", node: "26" },
  { app: "ws.cjs", moduleSystem: "cjs", node: "24" },
  { app: "ws.mjs", moduleSystem: "esm", node: "22.15" },
];

const wsRows: readonly WebRow[] = wsApps.flatMap((app) =>
  ["ws", "ws7"].map((installed) => ({
    ...app,
    library: "ws",
    installed,
    supports:
      "server spans of handshakes, the connection's context in its messages, connections and messages counted, messages as traces of their own (off by default)",
  })),
);

/** Apps with a server of each version of Socket.IO. */
export const socketIoApps: typeof wsApps = [
  { app: "socket-io.mjs", moduleSystem: "esm", node: "26" },
  { app: "socket-io.cjs", moduleSystem: "cjs", node: "24" },
  { app: "socket-io.mjs", moduleSystem: "esm", node: "22.15" },
];

const socketIoRows: readonly WebRow[] = socketIoApps.flatMap((app) =>
  ["socket.io", "socketio3"].map((installed) => ({
    ...app,
    library: "socket.io",
    installed,
    supports:
      "the opening request's context in all events, by every transport, connections and packets counted, events as traces of their own (off by default, version 4)",
  })),
);

/** Apps with three servers of each version of tRPC. */
export const trpcApps: typeof wsApps = [
  { app: "trpc.mjs", moduleSystem: "esm", node: "26" },
  { app: "trpc.cjs", moduleSystem: "cjs", node: "24" },
  { app: "trpc.mjs", moduleSystem: "esm", node: "22.15" },
];

const trpcRows: readonly WebRow[] = trpcApps.flatMap((app) =>
  ["@trpc/server", "trpc10"].map((installed) => ({
    ...app,
    library: "@trpc/server",
    installed,
    supports: "routes by procedure (standalone, Express, Fastify), errors of procedures",
  })),
);

export const rows: readonly WebRow[] = [
  ...http2Rows,
  ...graphqlRows,
  ...wsRows,
  ...socketIoRows,
  ...trpcRows,
];
