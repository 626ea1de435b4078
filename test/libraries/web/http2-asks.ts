import type { Ask } from "./http2-client.ts";

export interface AskRow {
  /** In `apps/http2-servers.cjs`. */
  readonly server: "compat" | "secure" | "streams" | "fastify";
  readonly ask: Ask;
  readonly name: string;
  readonly route?: string;
  /** Undefined where no response began. */
  readonly status?: number;
  /** By the client. */
  readonly aborted?: true;
  /** By the server. */
  readonly broken?: true;
  /** A message, of the one Sentry event that comes of it. */
  readonly event?: string;
  /** What the app answers of its own as request id. */
  readonly ownId?: string;
}

/** What the servers are asked for, and the server span of each. */
export const asks: readonly AskRow[] = [
  ...(["compat", "secure"] as const).flatMap((server): AskRow[] => [
    { server, ask: { path: "/hello?a=1" }, name: "GET", status: 200 },
    { server, ask: { path: "/hello", method: "HEAD" }, name: "HEAD", status: 200 },
    { server, ask: { path: "/named" }, name: "GET", status: 200, ownId: "mine" },
    { server, ask: { path: "/body", method: "POST", body: "12345" }, name: "POST", status: 200 },
    { server, ask: { path: "/hello", method: "BREW" }, name: "HTTP", status: 200 },
    { server, ask: { path: "/failed" }, name: "GET", status: 503 },
    { server, ask: { path: "/trailers" }, name: "GET", status: 200 },
    { server, ask: { path: "/push" }, name: "GET", status: 200 },
    { server, ask: { path: "/goaway" }, name: "GET", status: 200 },
    { server, ask: { path: "/headers-thereafter" }, name: "GET", status: 200 },
    { server, ask: { path: "/nowhere" }, name: "GET", status: 404 },
    {
      server,
      ask: { path: "/destroyed" },
      name: "GET",
      status: 200,
      broken: true,
      event: "the response is broken",
    },
    {
      server,
      ask: { path: "/never", cancels: true },
      name: "GET",
      status: 200,
      aborted: true,
    },
  ]),
  { server: "streams", ask: { path: "/hello?a=1" }, name: "GET", status: 200 },
  { server: "streams", ask: { path: "/failed", method: "HEAD" }, name: "HEAD", status: 503 },
  { server: "streams", ask: { path: "/named" }, name: "GET", status: 200, ownId: "mine" },
  { server: "streams", ask: { path: "/plain" }, name: "GET", status: 200 },
  { server: "streams", ask: { path: "/file" }, name: "GET", status: 200 },
  { server: "streams", ask: { path: "/failed" }, name: "GET", status: 503 },
  { server: "streams", ask: { path: "/informed" }, name: "GET", status: 200 },
  { server: "streams", ask: { path: "/trailers" }, name: "GET", status: 200 },
  { server: "streams", ask: { path: "/push" }, name: "GET", status: 200 },
  {
    server: "streams",
    ask: { path: "/never", cancels: true },
    name: "GET",
    status: 200,
    aborted: true,
  },
  {
    server: "streams",
    ask: { path: "/destroyed" },
    name: "GET",
    status: 200,
    broken: true,
    event: "the stream is broken",
  },
  { server: "streams", ask: { path: "/refused" }, name: "GET", broken: true },
  {
    server: "fastify",
    ask: { path: "/items/7" },
    name: "GET /items/:id",
    route: "/items/:id",
    status: 200,
  },
  {
    server: "fastify",
    ask: { path: "/broken/7" },
    name: "GET /broken/:id",
    route: "/broken/:id",
    status: 500,
    event: "item 7 is broken",
  },
  { server: "fastify", ask: { path: "/nowhere" }, name: "GET", status: 404 },
];
