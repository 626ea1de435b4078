import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import net from "node:net";
import { type Emit, type EmitArgs, bindEmitter, wrapEmit } from "../../context/emit.ts";
import {
  type SocketWithRequests,
  findUnitOfWork,
  IN_FLIGHT,
  registerDetached,
} from "../../context/in-flight-requests.ts";
import { activeUnitOfWork, callWithContext } from "../../context/manager.ts";
import { withSignature } from "../../context/signature.ts";
import type { HeaderReader } from "./header-reader.ts";
import type { HttpServerInstrumentation } from "./http-server-instrumentation.ts";
import type { TimingHeaders } from "../../development/timing-headers.ts";
import { withHeaders, withRequestId } from "./http2-request-id.ts";
import { peerAddressOf } from "./peer.ts";
import { wrapRejectionHandler } from "./rejection-handler.ts";
import { type ResponseAbort, ABORTED_BY_CLIENT, type HttpServerRequest } from "./server-request.ts";

export interface Http2ServerDeps {
  readonly server: HttpServerInstrumentation;
  readonly headers: HeaderReader;
  /** Undefined outside of development. */
  readonly timings?: TimingHeaders | undefined;
  /** Called with an error of telltale, which must not reach the app. */
  readonly onInternalError: (error: unknown) => void;
}

/**
 * Starts and finishes the unit of work of each request of HTTP/2 servers. Every
 * request passes the `stream` event, and within it, if the app listens to
 * `request`, Node creates the objects that look like those of HTTP/1. So the
 * request starts with the stream, and the request object is attached to it when it
 * is emitted. A request that ALPN has downgraded to HTTP/1 is emitted as `request`
 * alone, and is left to the instrumentation of HTTP/1.
 */
export class Http2ServerTracer {
  readonly #deps: Http2ServerDeps;
  /** Requests in flight by their streams. */
  readonly #requests = new Map<ServerHttp2Stream, HttpServerRequest>();
  /** Streams that the app has closed or destroyed before their end. */
  readonly #abortedByApp = new WeakSet<ServerHttp2Stream>();
  readonly #peers = new WeakMap<object, Http2Peer>();
  /** Prototypes of servers and of streams. */
  readonly #patched = new WeakSet<object>();
  readonly #withRejectionHandler = new WeakSet<object>();

  constructor(deps: Http2ServerDeps) {
    this.#deps = deps;
  }

  /** @param prototype of a class of servers. */
  patchServers(prototype: EventEmitter): void {
    // Servers over TLS inherit the method of `net`.
    this.#wrapRejectionHandler(net.Server.prototype);
    if (this.#patched.has(prototype)) return;
    this.#patched.add(prototype);
    this.#wrapRejectionHandler(prototype);
    wrapEmit(prototype, (next, server, args) => {
      switch (args[0]) {
        case "stream":
          return this.#emitStream(next, server, args);
        case "request":
        case "checkContinue":
        case "checkExpectation":
          return this.#emitRequest(next, server, args);
        default:
          return Reflect.apply(next, server, args);
      }
    });
  }

  /** Ends the requests in flight at process exit. Never throws. */
  endAll(): void {
    for (const [stream, unit] of this.#requests) this.#finish(unit, stream);
  }

  #wrapRejectionHandler(prototype: EventEmitter): void {
    if (this.#withRejectionHandler.has(prototype)) return;
    this.#withRejectionHandler.add(prototype);
    wrapRejectionHandler(
      prototype,
      (message) => this.#requests.get(message as ServerHttp2Stream) ?? findUnitOfWork(message),
    );
  }

  #emitStream(next: Emit, server: EventEmitter, args: EmitArgs): boolean {
    const context = this.#start(args[1], args[2])?.context;
    return context === undefined
      ? Reflect.apply(next, server, args)
      : callWithContext(context, next, server, args);
  }

  #emitRequest(next: Emit, server: EventEmitter, args: EmitArgs): boolean {
    const stream = streamOf(args[1]);
    if (stream === undefined) return this.#deps.server.emitWithContext(next, server, args);
    const unit = this.#requests.get(stream);
    if (unit === undefined) return Reflect.apply(next, server, args);
    const request = args[1] as IncomingMessage;
    registerDetached(request, unit);
    unit.request = request;
    const { context } = unit;
    if (context === undefined || activeUnitOfWork() === unit)
      return Reflect.apply(next, server, args);
    return callWithContext(context, next, server, args);
  }

  /** Returns undefined if it is no new request, or if telltale failed. */
  #start(candidate: unknown, headers: unknown): HttpServerRequest | undefined {
    try {
      if (!isStream(candidate) || typeof headers !== "object" || headers === null) return undefined;
      if (this.#requests.has(candidate)) return undefined;
      const stream = candidate;
      this.#patchStreams(Object.getPrototypeOf(stream) as object);
      const names = headers as IncomingHttpHeaders;
      const peer = this.#peerOf(stream);
      const unit = this.#deps.server.startRequest(
        requestFromHeaders(peer, names),
        this.#deps.headers.readHttp2(names),
      );
      if (peer !== undefined) peer[IN_FLIGHT] = unit.connection;
      this.#requests.set(stream, unit);
      // Only `headersSent` is read of it.
      unit.response = stream as unknown as ServerResponse;
      bindEmitter(unit, stream);
      stream.once("close", () => this.#finish(unit, stream));
      return unit;
    } catch (error) {
      this.#deps.onInternalError(error);
      return undefined;
    }
  }

  /** Copies the address: the session's socket is a proxy, which throws once it is unbound. */
  #peerOf({ session }: ServerHttp2Stream): Http2Peer | undefined {
    if (session === undefined || session.destroyed) return undefined;
    const known = this.#peers.get(session);
    if (known !== undefined) return known;
    const { address, port } = peerAddressOf(session.socket);
    const peer = {
      encrypted: session.encrypted === true,
      remoteAddress: address,
      remotePort: port,
    };
    this.#peers.set(session, peer);
    return peer;
  }

  #finish(unit: HttpServerRequest, stream: ServerHttp2Stream): void {
    try {
      this.#requests.delete(stream);
      if (unit.rpc !== undefined) unit.rpc.status = grpcStatusOf(stream);
      const abort = isComplete(stream) ? undefined : this.#abortOf(stream);
      this.#deps.server.finish(unit, responseHeadOf(stream), abort);
    } catch (error) {
      this.#deps.onInternalError(error);
    }
  }

  /** Node's own error reports that the stream was reset, but not by which side. */
  #abortOf(stream: ServerHttp2Stream): ResponseAbort {
    if (!this.#abortedByApp.has(stream)) return ABORTED_BY_CLIENT;
    const { errored } = stream;
    const { code } = (errored ?? {}) as NodeJS.ErrnoException;
    const isNodeError = errored === null || code?.startsWith("ERR_HTTP2_") === true;
    return isNodeError ? { by: "server" } : { by: "server", error: errored };
  }

  /** Sends the request id with every response that has none, and records which side aborts one. */
  #patchStreams(prototype: object): void {
    if (this.#patched.has(prototype)) return;
    this.#patched.add(prototype);
    for (const [name, at] of RESPOND_METHODS) {
      runBefore(prototype, name, (stream, args) => {
        const unit = this.#requests.get(stream);
        const id = unit?.requestId;
        if (id !== undefined) args[at] = withRequestId(args[at], id);
        const { timings } = this.#deps;
        if (unit !== undefined && timings !== undefined) addTimings(timings, unit, args, at);
      });
    }
    for (const name of ["close", "destroy"]) {
      runBefore(prototype, name, (stream) => {
        if (this.#requests.has(stream) && isAppAborting(stream)) this.#abortedByApp.add(stream);
      });
    }
  }
}

/** Stands for the socket, and has what the requests of a session have in common. */
interface Http2Peer extends SocketWithRequests {
  readonly encrypted: boolean;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
}

function addTimings(
  timings: TimingHeaders,
  unit: HttpServerRequest,
  args: unknown[],
  at: number,
): void {
  const headers = args[at];
  const { ":status": status = 200 } = (headers ?? {}) as OutgoingHttpHeaders;
  const { endStream: isWhole = false } = (args[at + 1] ?? {}) as { readonly endStream?: boolean };
  const head = { statusCode: Number(status), headers, isCollection: false, isWhole };
  const added = timings(unit, head);
  if (added !== "") args[at] = withHeaders(headers, pairsOfLines(added));
}

function pairsOfLines(lines: string): [name: string, value: string][] {
  return lines
    .trimEnd()
    .split("\r\n")
    .map((line) => {
      const end = line.indexOf(": ");
      return [line.slice(0, end), line.slice(end + 2)];
    });
}

/** Methods that begin a response, with the position of the headers among their arguments. */
const RESPOND_METHODS = [
  ["respond", 0],
  ["respondWithFD", 1],
  ["respondWithFile", 1],
] as const;

/** Returns the stream of a request of Node's compatibility API. */
function streamOf(request: unknown): ServerHttp2Stream | undefined {
  const { stream } = (request ?? {}) as { readonly stream?: ServerHttp2Stream | null };
  return typeof stream === "object" && stream !== null ? stream : undefined;
}

/** Whether it can be traced: an app may emit any object. */
function isStream(stream: unknown): stream is ServerHttp2Stream {
  const { once, respond } = (stream ?? {}) as Partial<ServerHttp2Stream>;
  return typeof once === "function" && typeof respond === "function";
}

/** Returns what a unit of work reads of a request, where there is only a stream. */
function requestFromHeaders(
  peer: Http2Peer | undefined,
  headers: IncomingHttpHeaders,
): IncomingMessage {
  return {
    socket: peer,
    headers,
    method: headers[":method"],
    // `CONNECT` has only the authority.
    url: headers[":path"] ?? headers[":authority"],
    // As in `network.protocol.version`.
    httpVersion: "2",
  } as unknown as IncomingMessage;
}

function responseHeadOf({ headersSent, sentHeaders }: ServerHttp2Stream): {
  headersSent: boolean;
  statusCode: number;
  sentHeaders: OutgoingHttpHeaders | undefined;
} {
  const statusCode = Number(sentHeaders?.[":status"]);
  return { headersSent: headersSent && !Number.isNaN(statusCode), statusCode, sentHeaders };
}

/** Reads it from the trailers, or from the headers of a response that has nothing else. */
function grpcStatusOf({ sentTrailers, sentHeaders }: ServerHttp2Stream): unknown {
  return sentTrailers?.["grpc-status"] ?? sentHeaders?.["grpc-status"];
}

/** Whether all of the response was sent. Node ends the stream of a HEAD request before its response. */
function isComplete({ headersSent, writableFinished, aborted }: ServerHttp2Stream): boolean {
  return headersSent && writableFinished && !aborted;
}

/** Whether the app calls, not Node itself after a reset by the client or the loss of the session. */
function isAppAborting(stream: ServerHttp2Stream): boolean {
  if (stream.closed || stream.destroyed || isComplete(stream)) return false;
  const { session } = stream;
  if (session === undefined || session.destroyed) return false;
  return !session.socket.destroyed && !session.socket.readableEnded;
}

type StreamMethod = (this: ServerHttp2Stream, ...args: unknown[]) => unknown;

/** Patches a method so that `before` runs first. */
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
