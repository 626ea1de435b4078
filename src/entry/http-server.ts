import diagnosticsChannel from "node:diagnostics_channel";
import { EventEmitter } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import type { Context as ApiContext } from "@opentelemetry/api";
import { Context, ROOT, spanIn } from "../context/context.ts";
import { OWN_SERVER } from "../admin/server.ts";
import { HOLDER, type Holder } from "../context/holder.ts";
import { callIn } from "../context/manager.ts";
import type { HeaderReader } from "./headers.ts";
import type { KnownMethods } from "./method.ts";
import { RequestEntry } from "./request.ts";
import type { ServerMetrics } from "./server-metrics.ts";
import type { TelltaleTracer } from "../traces/tracer.ts";
import { STATUS_ERROR, TelltaleSpan } from "../traces/span.ts";

/** `SpanKind.SERVER` of the API. */
const SERVER = 1;

export interface ServerEntryServices {
  readonly tracer: TelltaleTracer;
  readonly headers: HeaderReader;
  readonly metrics: ServerMetrics;
  readonly knownMethods: KnownMethods;
  /** A response was 5xx; the holder has the error, if a framework told us. */
  readonly onServerError: (holder: Holder) => void;
  /** Something of ours threw; it must not reach the app. */
  readonly onFault: (error: unknown) => void;
}

type Emit = (this: EventEmitter, event: string | symbol, ...args: unknown[]) => boolean;
type RequestWithEntry = IncomingMessage & { [HOLDER]?: RequestEntry };

/**
 * Wraps the `emit` of HTTP and HTTPS servers: the one place that every request
 * passes before any listener, framework or not. The end of a response comes by
 * Node's own diagnostics channel, the loss of a connection by one `close`
 * listener per connection: a request costs no listener and no patched method
 * but the one that writes the request id.
 */
export function installServerEntry(services: ServerEntryServices): void {
  const entrance = new Entrance(services);
  for (const prototype of [http.Server.prototype, https.Server.prototype]) {
    wrapEmit(prototype, entrance);
  }
  wrapStoreHeader();
  diagnosticsChannel.subscribe("http.server.response.finish", (message) => {
    const { request, response } = message as Exchange;
    const entry = request[HOLDER];
    if (entry instanceof RequestEntry) entrance.leave(entry, request.socket, response, false);
  });
}

interface Exchange {
  readonly request: RequestWithEntry;
  readonly response: ServerResponse;
}

/** A request comes in here and goes out here. */
class Entrance {
  readonly #services: ServerEntryServices;

  constructor(services: ServerEntryServices) {
    this.#services = services;
  }

  /** The context under which the listeners run, or undefined if something of ours failed. */
  enter(request: RequestWithEntry): Context | undefined {
    try {
      const headers = this.#services.headers.read(request);
      const entry = new RequestEntry(request, headers, this.#services.knownMethods);
      request[HOLDER] = entry;
      const span = this.#startSpan(entry, headers.parent);
      entry.span = span;
      this.#services.metrics.started(entry);
      openOn(request.socket, entry, this);
      return contextFor(headers.parent, span, entry);
    } catch (error) {
      this.#services.onFault(error);
      return undefined;
    }
  }

  leave(
    entry: RequestEntry,
    socket: Socket,
    response: ServerResponse | undefined,
    aborted: boolean,
  ): void {
    if (entry.ended) return;
    try {
      entry.finish(response, aborted);
      closeOn(socket, entry);
      this.#services.metrics.shape(entry);
      if (entry.failed) this.#services.onServerError(entry);
      endSpan(entry);
      this.#services.metrics.ended(entry);
      entry.end();
    } catch (error) {
      this.#services.onFault(error);
    }
  }

  #startSpan(entry: RequestEntry, parent: ApiContext): ReturnType<TelltaleTracer["start"]> {
    const span = this.#services.tracer.start(
      entry.spanName,
      SERVER,
      NO_OPTIONS,
      parent,
      spanIn(parent),
    );
    if (span instanceof TelltaleSpan) {
      span.setSource(entry);
      entry.localTrace = span.localTrace;
    }
    return span;
  }
}

const NO_OPTIONS = Object.freeze({});

function contextFor(parent: ApiContext, span: RequestEntry["span"], entry: RequestEntry): Context {
  if (parent === ROOT) return new Context(span, entry, false, undefined);
  return (parent as Context).withSpan(span).withHolder(entry);
}

function endSpan(entry: RequestEntry): void {
  const span = entry.span;
  if (span === undefined || !span.isRecording()) return;
  if (entry.route !== undefined) span.updateName(entry.spanName);
  if (entry.failed) {
    span.setStatus({ code: STATUS_ERROR });
    if (entry.error instanceof Error) span.recordException(entry.error);
  }
  span.end();
}

const OPEN: unique symbol = Symbol("telltale.open");
type Connection = Socket & { [OPEN]?: RequestEntry[] };

/** Notes the request on its connection: several may be open at once with pipelining. */
function openOn(socket: Connection, entry: RequestEntry, entrance: Entrance): void {
  const open = socket[OPEN];
  if (open !== undefined) {
    open.push(entry);
    return;
  }
  const first = [entry];
  socket[OPEN] = first;
  socket.once("close", () => {
    // A copy: leaving takes the entry off the list.
    for (const lost of [...first]) entrance.leave(lost, socket, lost.response, true);
  });
}

function closeOn(socket: Connection, entry: RequestEntry): void {
  const open = socket[OPEN];
  if (open === undefined) return;
  if (open.length === 1 && open[0] === entry) open.pop();
  else if (open.includes(entry)) open.splice(open.indexOf(entry), 1);
}

/**
 * `request`, and `checkContinue` where an app answers `Expect: 100-continue`
 * itself, are entries; every other event passes untouched.
 */
function wrapEmit(prototype: EventEmitter, entrance: Entrance): void {
  const original = prototype.emit as Emit;
  const emit: Emit = function (this: EventEmitter, event, ...args) {
    if (event === "error" && this.listenerCount("error") === 0) {
      return emitFatal(this, original, emit, args);
    }
    if (event !== "request" && event !== "checkContinue") {
      return Reflect.apply(original, this, [event, ...args]);
    }
    const request = args[0] as RequestWithEntry;
    const known = request[HOLDER] !== undefined || OWN_SERVER in this;
    const context = known ? undefined : entrance.enter(request);
    if (context === undefined) return Reflect.apply(original, this, [event, ...args]);
    (request[HOLDER] as unknown as RequestEntry).response = args[1] as ServerResponse;
    return callIn(context, original, this, [event, ...args]);
  };
  Object.defineProperty(prototype, "emit", {
    value: emit,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

/**
 * An `error` nobody listens to ends the process, and Node prints where it was
 * emitted: the frames above `EventEmitter.prototype.emit`, which it reads at
 * that moment. For that moment it is our wrapper, so that our frame is cut off
 * and stderr stays what it was.
 */
function emitFatal(emitter: EventEmitter, original: Emit, emit: Emit, args: unknown[]): boolean {
  const own = EventEmitter.prototype.emit;
  EventEmitter.prototype.emit = emit as typeof own;
  try {
    return Reflect.apply(original, emitter, ["error", ...args]);
  } finally {
    EventEmitter.prototype.emit = own;
  }
}

type StoreHeader = (this: ServerResponse, firstLine: string, headers: unknown) => void;

/**
 * Sends the request id back. `res.setHeader` before a framework's `writeHead`
 * would send Node down a slow path (0.7 of a bare Fastify request, measured);
 * `_storeHeader` gets the status line as a string, and a header is a line more.
 */
function wrapStoreHeader(): void {
  const prototype = http.ServerResponse.prototype as unknown as { _storeHeader?: StoreHeader };
  const original = prototype._storeHeader;
  if (typeof original !== "function") return;
  prototype._storeHeader = function (firstLine, headers) {
    const entry = (this.req as RequestWithEntry | undefined)?.[HOLDER];
    const id = entry?.requestId;
    const line =
      id === undefined || namesRequestId(headers)
        ? firstLine
        : `${firstLine}x-request-id: ${id}\r\n`;
    return original.call(this, line, headers);
  };
}

/** Whether the app sends a request id of its own, in any form that `writeHead` takes. */
function namesRequestId(headers: unknown): boolean {
  if (typeof headers !== "object" || headers === null) return false;
  if (Array.isArray(headers)) {
    return headers.some((item) => isRequestId(Array.isArray(item) ? item[0] : item));
  }
  if ("x-request-id" in headers) return true;
  // Node's own collection, from `setHeader`, has names in lower case and no prototype.
  if (Object.getPrototypeOf(headers) === null) return false;
  for (const name in headers) if (isRequestId(name)) return true;
  return false;
}

function isRequestId(name: unknown): boolean {
  return typeof name === "string" && name.length === 12 && name.toLowerCase() === "x-request-id";
}
