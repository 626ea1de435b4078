import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn, setTimeout as pause } from "node:timers/promises";
import { compress } from "../../replies/compress.ts";
import { type HttpReply, jsonReply, textReply } from "../../replies/http-reply.ts";
import { rejectRequest } from "../../replies/rejected-request.ts";
import { RequestError } from "./request-error.ts";
import { refusalOf } from "./request-guard.ts";
import { matchPath, type Route, type RouteDeps } from "./route.ts";
import { routes } from "./routes.ts";

/** A page, some commands and the apps of a developer; more are accidents. */
const MAX_CONNECTIONS = 512;

const serverOptions = {
  maxHeaderSize: 16_384,
  // A busy machine reads a request late. Chromium closes a connection that it has opened in
  // advance after 10 seconds.
  headersTimeout: 30_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: 30_000,
} as const;

/** Time without a byte in either direction; streams of events have heartbeats. */
const SOCKET_TIMEOUT_MS = 60_000;

/** The addresses of `localhost`. Nothing else is ever listened on. */
const LOOPBACK_ADDRESSES = ["127.0.0.1", "::1"] as const;

/**
 * How long the server waits for exports whose connections are not accepted, and for those
 * that are being read.
 */
const QUIET_MS = 100;
const MAX_DRAIN_MS = 2000;

export interface ViewerServer {
  readonly port: number;
  /** Takes what apps have sent until now: the last export of one that has just ended. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Listens on the loopback addresses of both families. A port that another process has on
 * one of them is not used: browsers choose the family, and would send it the token.
 *
 * @param port 0: the system chooses.
 * @param createDeps called with the port, before the first request.
 * @throws the error of the system, such as EADDRINUSE.
 */
export async function startViewerServer(
  port: number,
  createDeps: (port: number) => RouteDeps,
): Promise<ViewerServer> {
  const servers: Server[] = [];
  const created: { deps?: RouteDeps } = {};
  const exports = new Set<ServerResponse>();
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method === "POST") {
      exports.add(response);
      response.once("close", () => exports.delete(response));
    }
    if (created.deps === undefined) response.destroy();
    else void respond(request, response, created.deps);
  };
  try {
    for (const host of LOOPBACK_ADDRESSES) {
      const server = await listen(host, portOf(servers[0]) ?? port, onRequest);
      if (server !== undefined) servers.push(server);
    }
  } catch (error) {
    closeAll(servers);
    throw error;
  }
  const bound = portOf(servers[0]);
  if (bound === undefined) throw new Error("this host has no loopback address");
  created.deps = createDeps(bound);
  return {
    port: bound,
    drain: () => drain(exports),
    close: async () => closeAll(servers),
  };
}

/** Waits until no export is in progress, and none has begun for a short time. */
async function drain(exports: ReadonlySet<ServerResponse>): Promise<void> {
  const end = performance.now() + MAX_DRAIN_MS;
  for (let quietSince = performance.now(); performance.now() < end;) {
    await pause(10);
    // After the event loop was blocked: accepts the connections that wait, and reads their requests.
    for (let turns = 0; turns < 2; turns++) await turn();
    if (exports.size > 0) quietSince = performance.now();
    else if (performance.now() - quietSince >= QUIET_MS) return;
  }
}

/** @returns undefined if the host lacks the family of the address. */
async function listen(
  host: string,
  port: number,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server | undefined> {
  const server = createServer(serverOptions, onRequest);
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = SOCKET_TIMEOUT_MS;
  server.on("clientError", rejectRequest);
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
    return server;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT") return undefined;
    throw error;
  }
}

function portOf(server: Server | undefined): number | undefined {
  return (server?.address() as AddressInfo | null | undefined)?.port;
}

function closeAll(servers: readonly Server[]): void {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
}

/** Responds to one request. Never rejects. */
async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  deps: RouteDeps,
): Promise<void> {
  request.on("error", noop);
  response.on("error", noop);
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
  try {
    const reply = await replyTo(request, response, deps);
    if (reply !== undefined) await send(request, response, reply);
  } catch {
    response.destroy();
  }
}

/** Headers of all responses. No header permits another origin anything (CORS). */
const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

async function replyTo(
  request: IncomingMessage,
  response: ServerResponse,
  deps: RouteDeps,
): Promise<HttpReply | undefined> {
  const url = urlOf(request);
  if (url === undefined) return textReply(400, "The request target must be a path.\n");
  const matches = routes.flatMap((route) => {
    const parameters = matchPath(route.path, url.pathname);
    return parameters === undefined ? [] : [{ route, parameters }];
  });
  // What does not exist is guarded like the rest of the API.
  const access = matches[0]?.route.access ?? "session";
  const refusal = refusalOf(request, access, deps);
  if (refusal !== undefined) return errorReply(refusal.status, refusal.reason);
  const method = request.method === "HEAD" ? "GET" : request.method;
  const match = matches.find(({ route }) => route.method === method);
  if (match === undefined) return unmatchedReply(matches.map(({ route }) => route));
  try {
    const { route, parameters } = match;
    return await route.handle({ request, response, query: url.searchParams, parameters }, deps);
  } catch (error) {
    if (error instanceof RequestError) return errorReply(error.status, error.message);
    return errorReply(500, `The viewer failed: ${String(error)}`);
  }
}

/** Returns the path and the query; undefined for the other forms of a request target, which only proxies get. */
function urlOf({ url = "" }: IncomingMessage): URL | undefined {
  if (!url.startsWith("/") || url.startsWith("//")) return undefined;
  return URL.parse(url, "http://localhost") ?? undefined;
}

function unmatchedReply(others: readonly Route[]): HttpReply {
  if (others.length === 0) return errorReply(404, "There is no such path.");
  const allow = others.map(({ method }) => method).join(", ");
  return { ...errorReply(405, `Only ${allow} is allowed.`), headers: { allow } };
}

function errorReply(status: number, error: string): HttpReply {
  return jsonReply(status, { error });
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  reply: HttpReply,
): Promise<void> {
  const { body, encoding } = await compress(reply.body, request.headers["accept-encoding"]);
  if (response.destroyed) return;
  // The rest of a refused body is discarded, and the connection is not used again.
  const isUnread = !request.complete;
  response.writeHead(reply.status, {
    "content-type": reply.contentType,
    "content-length": body.length,
    vary: "accept-encoding",
    ...(encoding !== undefined && { "content-encoding": encoding }),
    ...(isUnread && { connection: "close" }),
    ...reply.headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function noop(): void {}
