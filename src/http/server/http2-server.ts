import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import net from "node:net";
import {
  type SocketWithRequests,
  findUnitOfWork,
  IN_FLIGHT,
  registerDetached,
} from "../../context/in-flight-requests.ts";
import { activeUnitOfWork, callWithContext } from "../../context/manager.ts";
import { type Emit, type EmitArgs, bindEmitter, wrapEmit } from "../../context/emit.ts";
import type { HeaderReader } from "./header-reader.ts";
import type { HttpServerInstrumentation } from "./http-server.ts";
import { type ResponseAbort, ABORTED_BY_CLIENT, type HttpServerRequest } from "./server-request.ts";
import { wrapRejectionHandler } from "./rejection-handler.ts";
import { peerAddressOf } from "./peer.ts";
import { isRequestIdHeader, REQUEST_ID_HEADER } from "./request-id.ts";
import { withSignature } from "../../context/signature.ts";

export interface Http2ServerDeps {
  readonly server: HttpServerInstrumentation;
  readonly headers: HeaderReader;
  /** Something of ours threw; it must not reach the app. */
  readonly onInternalError: (error: unknown) => void;
}

/** The requests under way, by their streams. */
const requestsByStream = new Map<object, HttpServerRequest>();
const patchedPrototypes = new WeakSet<object>();

/**
 * Every request of an HTTP/2 server passes its `stream` event, and within that,
 * if the app listens to `request`, Node makes the objects that look like
 * HTTP/1's. So the entry begins with the stream; the request object is joined
 * to it when it comes. What ALPN has brought down to HTTP/1 comes as `request`
 * alone, and goes the way of HTTP/1.
 */
export function patchHttp2Servers(prototype: EventEmitter, deps: Http2ServerDeps): void {
  wrapRejectionHandlerOf(net.Server.prototype);
  if (patchedPrototypes.has(prototype)) return;
  patchedPrototypes.add(prototype);
  wrapRejectionHandlerOf(prototype);
  wrapEmit(prototype, (next, server, args) => {
    switch (args[0]) {
      case "stream":
        return emitStream(deps, next, server, args);
      case "request":
      case "checkContinue":
      case "checkExpectation":
        return emitRequest(deps, next, server, args);
      default:
        return Reflect.apply(next, server, args);
    }
  });
}

/** Servers over TLS have the method of `net`. */
function wrapRejectionHandlerOf(prototype: EventEmitter): void {
  if (patchedRejectionHandlers.has(prototype)) return;
  patchedRejectionHandlers.add(prototype);
  wrapRejectionHandler(
    prototype,
    (message) => requestsByStream.get(message) ?? findUnitOfWork(message),
  );
}

const patchedRejectionHandlers = new WeakSet<object>();

/** The process ends, and the requests under way with it. Never throws. */
export function endAllStreams(deps: Http2ServerDeps): void {
  for (const [stream, unit] of requestsByStream)
    finishRequest(deps, unit, stream as ServerHttp2Stream);
}

function emitStream(
  deps: Http2ServerDeps,
  next: Emit,
  server: EventEmitter,
  args: EmitArgs,
): boolean {
  const context = startRequest(deps, args[1], args[2])?.context;
  return context === undefined
    ? Reflect.apply(next, server, args)
    : callWithContext(context, next, server, args);
}

function emitRequest(
  deps: Http2ServerDeps,
  next: Emit,
  server: EventEmitter,
  args: EmitArgs,
): boolean {
  const stream = streamOf(args[1]);
  if (stream === undefined) return deps.server.emitWithContext(next, server, args);
  const unit = requestsByStream.get(stream);
  if (unit === undefined) return Reflect.apply(next, server, args);
  const request = args[1] as IncomingMessage;
  registerDetached(request, unit);
  unit.request = request;
  const { context } = unit;
  if (context === undefined || activeUnitOfWork() === unit)
    return Reflect.apply(next, server, args);
  return callWithContext(context, next, server, args);
}

/** Of a request that came over HTTP/2, as Node's compatibility API shows it. */
function streamOf(request: unknown): object | undefined {
  const { stream } = (request ?? {}) as { readonly stream?: unknown };
  return typeof stream === "object" && stream !== null ? stream : undefined;
}

/** Undefined if it is no new request, or something of ours failed. */
function startRequest(
  deps: Http2ServerDeps,
  candidate: unknown,
  headers: unknown,
): HttpServerRequest | undefined {
  try {
    if (!isStream(candidate) || typeof headers !== "object" || headers === null) return undefined;
    if (requestsByStream.has(candidate)) return undefined;
    const stream = candidate;
    patchStreams(Object.getPrototypeOf(stream) as object);
    const names = headers as IncomingHttpHeaders;
    const peer = peerOf(stream);
    const unit = deps.server.startRequest(
      requestFromHeaders(peer, names),
      deps.headers.readHttp2(names),
    );
    if (peer !== undefined) peer[IN_FLIGHT] = unit.connection;
    requestsByStream.set(stream, unit);
    // All that is asked of it is whether its head is out.
    unit.response = stream as unknown as ServerResponse;
    bindEmitter(unit, stream);
    stream.once("close", () => finishRequest(deps, unit, stream));
    return unit;
  } catch (error) {
    deps.onInternalError(error);
    return undefined;
  }
}

/** What an app emits by hand may be anything. */
function isStream(stream: unknown): stream is ServerHttp2Stream {
  const { once, respond } = (stream ?? {}) as Partial<ServerHttp2Stream>;
  return typeof once === "function" && typeof respond === "function";
}

/** What an entry reads of a request, where there is only a stream. */
function requestFromHeaders(
  peer: Http2Peer | undefined,
  headers: IncomingHttpHeaders,
): IncomingMessage {
  return {
    socket: peer,
    method: headers[":method"],
    // `CONNECT` has only the authority.
    url: headers[":path"] ?? headers[":authority"],
    // As `network.protocol.version` has it.
    httpVersion: "2",
  } as unknown as IncomingMessage;
}

/** Stands for the socket; carries what the requests of its session have in common. */
interface Http2Peer extends SocketWithRequests {
  readonly encrypted: boolean;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
}

const peers = new WeakMap<object, Http2Peer>();

/** Copied: the session's socket is a proxy, which throws once it is unbound. */
function peerOf({ session }: ServerHttp2Stream): Http2Peer | undefined {
  if (session === undefined || session.destroyed) return undefined;
  const known = peers.get(session);
  if (known !== undefined) return known;
  const { address, port } = peerAddressOf(session.socket);
  const peer = {
    encrypted: session.encrypted === true,
    remoteAddress: address,
    remotePort: port,
  };
  peers.set(session, peer);
  return peer;
}

function finishRequest(
  deps: Http2ServerDeps,
  unit: HttpServerRequest,
  stream: ServerHttp2Stream,
): void {
  try {
    requestsByStream.delete(stream);
    if (unit.rpc !== undefined) unit.rpc.status = grpcStatusOf(stream);
    const abort = isComplete(stream) ? undefined : abortOf(stream);
    deps.server.finish(unit, responseHeadOf(stream), abort);
  } catch (error) {
    deps.onInternalError(error);
  }
}

function responseHeadOf({ headersSent, sentHeaders }: ServerHttp2Stream): {
  headersSent: boolean;
  statusCode: number;
} {
  const statusCode = Number(sentHeaders?.[":status"]);
  return { headersSent: headersSent && !Number.isNaN(statusCode), statusCode };
}

/** In the trailers, or in the headers of a response that has nothing else. */
function grpcStatusOf({ sentTrailers, sentHeaders }: ServerHttp2Stream): unknown {
  return sentTrailers?.["grpc-status"] ?? sentHeaders?.["grpc-status"];
}

/**
 * Whether all of the response was sent. Node ends the stream of a HEAD request
 * before anybody has answered it.
 */
function isComplete({ headersSent, writableFinished, aborted }: ServerHttp2Stream): boolean {
  return headersSent && writableFinished && !aborted;
}

/** Streams that the app has closed or destroyed before their end. */
const abortedByApp = new WeakSet<ServerHttp2Stream>();

/** Node's own error says that the stream was reset, but not by whom. */
function abortOf(stream: ServerHttp2Stream): ResponseAbort {
  if (!abortedByApp.has(stream)) return ABORTED_BY_CLIENT;
  const { errored } = stream;
  const { code } = (errored ?? {}) as NodeJS.ErrnoException;
  const isNodeError = errored === null || code?.startsWith("ERR_HTTP2_") === true;
  return isNodeError ? { by: "server" } : { by: "server", error: errored };
}

/** Node itself calls these, too: when the client has reset the stream, or is gone with its session. */
function isAppAborting(stream: ServerHttp2Stream): boolean {
  if (!requestsByStream.has(stream) || stream.closed || stream.destroyed || isComplete(stream))
    return false;
  const { session } = stream;
  if (session === undefined || session.destroyed) return false;
  return !session.socket.destroyed && !session.socket.readableEnded;
}

type StreamMethod = (this: ServerHttp2Stream, ...args: unknown[]) => unknown;

/** The methods that begin a response, with the position of its headers. */
const RESPOND_METHODS = [
  ["respond", 0],
  ["respondWithFD", 1],
  ["respondWithFile", 1],
] as const;

/** Sends the request id back with every response that does not name one, and sees who breaks one off. */
function patchStreams(prototype: object): void {
  if (patchedPrototypes.has(prototype)) return;
  patchedPrototypes.add(prototype);
  for (const [name, at] of RESPOND_METHODS) {
    runBefore(prototype, name, (stream, args) => {
      const id = requestsByStream.get(stream)?.requestId;
      if (id !== undefined) args[at] = withRequestId(args[at], id);
    });
  }
  for (const name of ["close", "destroy"]) {
    runBefore(prototype, name, (stream) => {
      if (isAppAborting(stream)) abortedByApp.add(stream);
    });
  }
}

/** Has `before` run before the method of that name. */
function runBefore(
  prototype: object,
  name: string,
  before: (stream: ServerHttp2Stream, args: unknown[]) => void,
): void {
  const original = (prototype as Record<string, StreamMethod | undefined>)[name];
  if (typeof original !== "function") return;
  const replacement: StreamMethod = function (...args) {
    before(this, args);
    return Reflect.apply(original, this, args);
  };
  withSignature(replacement, original);
  Object.defineProperty(prototype, name, {
    value: replacement,
    configurable: true,
    writable: true,
    enumerable: false,
  });
}

/** With the symbol that says which of them are sensitive. */
function withHeader(headers: readonly unknown[], id: string): unknown[] {
  const copy = [...headers, REQUEST_ID_HEADER, id];
  for (const symbol of Object.getOwnPropertySymbols(headers)) {
    Object.defineProperty(copy, symbol, {
      value: (headers as unknown as Record<symbol, unknown>)[symbol],
    });
  }
  return copy;
}

/** A copy: who reads his headers thereafter finds what he has set. */
function withRequestId(headers: unknown, id: string): unknown {
  if (headers !== undefined && (typeof headers !== "object" || headers === null)) return headers;
  try {
    if (Array.isArray(headers)) {
      const hasRequestId = headers.some((item, at) => at % 2 === 0 && isRequestIdHeader(item));
      return hasRequestId ? headers : withHeader(headers, id);
    }
    for (const name in headers) if (isRequestIdHeader(name)) return headers;
    return Object.assign({ __proto__: null }, headers, { [REQUEST_ID_HEADER]: id });
  } catch {
    // A getter of the app's may throw, as it then does for Node.
    return headers;
  }
}
