import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import net from "node:net";
import { type Carrier, holdUnconnected, UNDER_WAY } from "../context/holder.ts";
import { failingHolderOf } from "../context/failures.ts";
import { activeHolder, callIn } from "../context/manager.ts";
import { type Emit, type EmitArgs, emitUnder, wrapEmit } from "../context/emit.ts";
import type { HeaderReader } from "./headers.ts";
import type { ServerEntry } from "./http-server.ts";
import { type Breakage, BY_CLIENT, type RequestEntry } from "./request.ts";
import { noteRejections } from "./rejections.ts";
import { peerAddressOf } from "./peer.ts";
import { isRequestId, REQUEST_ID } from "./request-id.ts";
import { withSignature } from "../context/signature.ts";

export interface Http2Services {
  readonly server: ServerEntry;
  readonly headers: HeaderReader;
  /** Something of ours threw; it must not reach the app. */
  readonly onFault: (error: unknown) => void;
}

/** The requests under way, by their streams. */
const entries = new Map<object, RequestEntry>();
const watched = new WeakSet<object>();

/**
 * Every request of an HTTP/2 server passes its `stream` event, and within that,
 * if the app listens to `request`, Node makes the objects that look like
 * HTTP/1's. So the entry begins with the stream; the request object is joined
 * to it when it comes. What ALPN has brought down to HTTP/1 comes as `request`
 * alone, and goes the way of HTTP/1.
 */
export function watchServers(prototype: EventEmitter, services: Http2Services): void {
  noteRejectionsOf(net.Server.prototype);
  if (watched.has(prototype)) return;
  watched.add(prototype);
  noteRejectionsOf(prototype);
  wrapEmit(prototype, (next, server, args) => {
    switch (args[0]) {
      case "stream":
        return emitStream(services, next, server, args);
      case "request":
      case "checkContinue":
      case "checkExpectation":
        return emitRequest(services, next, server, args);
      default:
        return Reflect.apply(next, server, args);
    }
  });
}

/** Servers over TLS have the method of `net`. */
function noteRejectionsOf(prototype: EventEmitter): void {
  if (rejecting.has(prototype)) return;
  rejecting.add(prototype);
  noteRejections(prototype, (message) => entries.get(message) ?? failingHolderOf(message));
}

const rejecting = new WeakSet<object>();

/** The process ends, and the requests under way with it. Never throws. */
export function abandonStreams(services: Http2Services): void {
  for (const [stream, entry] of entries) leave(services, entry, stream as ServerHttp2Stream);
}

function emitStream(
  services: Http2Services,
  next: Emit,
  server: EventEmitter,
  args: EmitArgs,
): boolean {
  const context = enter(services, args[1], args[2])?.context;
  return context === undefined
    ? Reflect.apply(next, server, args)
    : callIn(context, next, server, args);
}

function emitRequest(
  services: Http2Services,
  next: Emit,
  server: EventEmitter,
  args: EmitArgs,
): boolean {
  const stream = streamOf(args[1]);
  if (stream === undefined) return services.server.emitEntered(next, server, args);
  const entry = entries.get(stream);
  if (entry === undefined) return Reflect.apply(next, server, args);
  const request = args[1] as IncomingMessage;
  holdUnconnected(request, entry);
  entry.request = request;
  const { context } = entry;
  if (context === undefined || activeHolder() === entry) return Reflect.apply(next, server, args);
  return callIn(context, next, server, args);
}

/** Of a request that came over HTTP/2, as Node's compatibility API shows it. */
function streamOf(request: unknown): object | undefined {
  const { stream } = (request ?? {}) as { readonly stream?: unknown };
  return typeof stream === "object" && stream !== null ? stream : undefined;
}

/** Undefined if it is no new request, or something of ours failed. */
function enter(
  services: Http2Services,
  given: unknown,
  headers: unknown,
): RequestEntry | undefined {
  try {
    if (!isStream(given) || typeof headers !== "object" || headers === null) return undefined;
    if (entries.has(given)) return undefined;
    const stream = given;
    watchStreams(Object.getPrototypeOf(stream) as object);
    const names = headers as IncomingHttpHeaders;
    const peer = peerOf(stream);
    const entry = services.server.begin(requestOf(peer, names), services.headers.readNames(names));
    if (peer !== undefined) peer[UNDER_WAY] = entry.connection;
    entries.set(stream, entry);
    // All that is asked of it is whether its head is out.
    entry.response = stream as unknown as ServerResponse;
    emitUnder(entry, stream);
    stream.once("close", () => leave(services, entry, stream));
    return entry;
  } catch (error) {
    services.onFault(error);
    return undefined;
  }
}

/** What an app emits by hand may be anything. */
function isStream(stream: unknown): stream is ServerHttp2Stream {
  const { once, respond } = (stream ?? {}) as Partial<ServerHttp2Stream>;
  return typeof once === "function" && typeof respond === "function";
}

/** What an entry reads of a request, where there is only a stream. */
function requestOf(peer: Peer | undefined, headers: IncomingHttpHeaders): IncomingMessage {
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
interface Peer extends Carrier {
  readonly encrypted: boolean;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
}

const peers = new WeakMap<object, Peer>();

/** Copied: the session's socket is a proxy, which throws once it is unbound. */
function peerOf({ session }: ServerHttp2Stream): Peer | undefined {
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

function leave(services: Http2Services, entry: RequestEntry, stream: ServerHttp2Stream): void {
  try {
    entries.delete(stream);
    if (entry.rpc !== undefined) entry.rpc.status = grpcStatusOf(stream);
    const breakage = isWhole(stream) ? undefined : breakageBy(stream);
    services.server.leave(entry, responseOf(stream), breakage);
  } catch (error) {
    services.onFault(error);
  }
}

function responseOf({ headersSent, sentHeaders }: ServerHttp2Stream): {
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
function isWhole({ headersSent, writableFinished, aborted }: ServerHttp2Stream): boolean {
  return headersSent && writableFinished && !aborted;
}

/** Streams that the app has closed or destroyed before their end. */
const broken = new WeakSet<ServerHttp2Stream>();

/** Node's own error says that the stream was reset, but not by whom. */
function breakageBy(stream: ServerHttp2Stream): Breakage {
  if (!broken.has(stream)) return BY_CLIENT;
  const { errored } = stream;
  const { code } = (errored ?? {}) as NodeJS.ErrnoException;
  const isNodes = errored === null || code?.startsWith("ERR_HTTP2_") === true;
  return isNodes ? { by: "server" } : { by: "server", error: errored };
}

/** Node itself calls these, too: when the client has reset the stream, or is gone with its session. */
function isBreaking(stream: ServerHttp2Stream): boolean {
  if (!entries.has(stream) || stream.closed || stream.destroyed || isWhole(stream)) return false;
  const { session } = stream;
  if (session === undefined || session.destroyed) return false;
  return !session.socket.destroyed && !session.socket.readableEnded;
}

type Answer = (this: ServerHttp2Stream, ...args: unknown[]) => unknown;

/** The methods that begin a response, with the position of its headers. */
const ANSWERS = [
  ["respond", 0],
  ["respondWithFD", 1],
  ["respondWithFile", 1],
] as const;

/** Sends the request id back with every response that does not name one, and sees who breaks one off. */
function watchStreams(prototype: object): void {
  if (watched.has(prototype)) return;
  watched.add(prototype);
  for (const [name, at] of ANSWERS) {
    replace(prototype, name, (stream, args) => {
      const id = entries.get(stream)?.requestId;
      if (id !== undefined) args[at] = withRequestId(args[at], id);
    });
  }
  for (const name of ["close", "destroy"]) {
    replace(prototype, name, (stream) => {
      if (isBreaking(stream)) broken.add(stream);
    });
  }
}

/** Has `before` run before the method of that name. */
function replace(
  prototype: object,
  name: string,
  before: (stream: ServerHttp2Stream, args: unknown[]) => void,
): void {
  const original = (prototype as Record<string, Answer | undefined>)[name];
  if (typeof original !== "function") return;
  const replacement: Answer = function (...args) {
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
  const copy = [...headers, REQUEST_ID, id];
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
      const isNamed = headers.some((item, at) => at % 2 === 0 && isRequestId(item));
      return isNamed ? headers : withHeader(headers, id);
    }
    for (const name in headers) if (isRequestId(name)) return headers;
    return Object.assign({ __proto__: null }, headers, { [REQUEST_ID]: id });
  } catch {
    // A getter of the app's may throw, as it then does for Node.
    return headers;
  }
}
