import type { WebApp } from "./app.ts";
import { type Http2Request, type Http2Result, sendHttp2Request } from "./http2-client.ts";

export interface Http2RequestRow {
  /** A server of `apps/http2-servers.cjs`. */
  readonly server: "compat" | "secure" | "streams" | "fastify";
  readonly request: Http2Request;
  readonly name: string;
  readonly route?: string;
  /** Undefined where no response was started. */
  readonly status?: number;
  /** Aborted by the client. */
  readonly aborted?: true;
  /** Aborted by the server. */
  readonly broken?: true;
  /** Message of the one Sentry event. */
  readonly event?: string;
  /** Request id that the app itself responds with. */
  readonly ownId?: string;
}

/** Requests to the servers, and their server spans. */
export const http2RequestRows: readonly Http2RequestRow[] = [
  ...(["compat", "secure"] as const).flatMap((server): Http2RequestRow[] => [
    { server, request: { path: "/hello?a=1" }, name: "GET", status: 200 },
    { server, request: { path: "/hello", method: "HEAD" }, name: "HEAD", status: 200 },
    { server, request: { path: "/named" }, name: "GET", status: 200, ownId: "mine" },
    {
      server,
      request: { path: "/body", method: "POST", body: "12345" },
      name: "POST",
      status: 200,
    },
    { server, request: { path: "/hello", method: "BREW" }, name: "HTTP", status: 200 },
    { server, request: { path: "/failed" }, name: "GET", status: 503 },
    { server, request: { path: "/trailers" }, name: "GET", status: 200 },
    { server, request: { path: "/push" }, name: "GET", status: 200 },
    { server, request: { path: "/goaway" }, name: "GET", status: 200 },
    { server, request: { path: "/headers-thereafter" }, name: "GET", status: 200 },
    { server, request: { path: "/nowhere" }, name: "GET", status: 404 },
    {
      server,
      request: { path: "/destroyed" },
      name: "GET",
      status: 200,
      broken: true,
      event: "the response is broken",
    },
    {
      server,
      request: { path: "/never", cancels: true },
      name: "GET",
      status: 200,
      aborted: true,
    },
  ]),
  { server: "streams", request: { path: "/hello?a=1" }, name: "GET", status: 200 },
  { server: "streams", request: { path: "/failed", method: "HEAD" }, name: "HEAD", status: 503 },
  { server: "streams", request: { path: "/named" }, name: "GET", status: 200, ownId: "mine" },
  { server: "streams", request: { path: "/plain" }, name: "GET", status: 200 },
  { server: "streams", request: { path: "/file" }, name: "GET", status: 200 },
  { server: "streams", request: { path: "/failed" }, name: "GET", status: 503 },
  { server: "streams", request: { path: "/informed" }, name: "GET", status: 200 },
  { server: "streams", request: { path: "/trailers" }, name: "GET", status: 200 },
  { server: "streams", request: { path: "/push" }, name: "GET", status: 200 },
  {
    server: "streams",
    request: { path: "/never", cancels: true },
    name: "GET",
    status: 200,
    aborted: true,
  },
  {
    server: "streams",
    request: { path: "/destroyed" },
    name: "GET",
    status: 200,
    broken: true,
    event: "the stream is broken",
  },
  { server: "streams", request: { path: "/refused" }, name: "GET", broken: true },
  {
    server: "fastify",
    request: { path: "/items/7" },
    name: "GET /items/:id",
    route: "/items/:id",
    status: 200,
  },
  {
    server: "fastify",
    request: { path: "/broken/7" },
    name: "GET /broken/:id",
    route: "/broken/:id",
    status: 500,
    event: "item 7 is broken",
  },
  { server: "fastify", request: { path: "/nowhere" }, name: "GET", status: 404 },
];

/** Sends a row's request to its server of the app. `ca` has signed the certificate of `secure`. */
export function requestServer(
  app: WebApp,
  { server, request }: Http2RequestRow,
  ca: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Http2Result> {
  const secure = server === "secure";
  const url = secure ? app.url(server).replace("http:", "https:") : app.url(server);
  return sendHttp2Request(url, { ...request, headers }, secure ? ca : undefined);
}
