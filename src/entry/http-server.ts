import diagnosticsChannel from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import net, { type Socket } from "node:net";
import { types } from "node:util";
import type { Context as ApiContext, Span } from "@opentelemetry/api";
import { now } from "../clock.ts";
import { Context, ROOT, spanIn } from "../context/context.ts";
import { OWN_SERVER } from "../context/own-server.ts";
import { lazy } from "../lazy.ts";
import {
  type Carrier,
  type Holder,
  holderOf,
  holdUnconnected,
  UNDER_WAY,
} from "../context/holder.ts";
import { failingHolderOf, failuresOf } from "../context/failures.ts";
import {
  activeHolder,
  callIn,
  noteComingSpan,
  runWhereThrown,
  tellWhereThrown,
} from "../context/manager.ts";
import { Connection } from "./connection.ts";
import { type Emit, type EmitArgs, emitUnder, wrapEmit } from "../context/emit.ts";
import type { HeaderReader } from "./headers.ts";
import type { KnownMethods } from "./method.ts";
import {
  type Breakage,
  BY_CLIENT,
  BY_PROCESS,
  RequestEntry,
  type RequestHeaders,
  type RequestServices,
  type Response,
} from "./request.ts";
import { noteRejections } from "./rejections.ts";
import { wrapStoreHeader } from "./sent-head.ts";
import type { ServerMetrics } from "./server-metrics.ts";
import type { TelltaleTracer } from "../traces/tracer.ts";
import { STATUS_ERROR, TelltaleSpan } from "../traces/span.ts";

const loadBreakage = lazy<typeof import("./breakage.ts")>("entry/breakage.ts");
const loadUpgrade = lazy<typeof import("./upgrade.ts")>("entry/upgrade.ts");

/** `SpanKind.SERVER` of the API. */
const SERVER = 1;

export interface ServerEntryServices {
  readonly tracer: TelltaleTracer;
  readonly headers: HeaderReader;
  readonly metrics: ServerMetrics;
  readonly knownMethods: KnownMethods;
  /** A request has failed, and of which errors, as far as we were told. */
  readonly onServerErrors: (holder: Holder, failures: readonly unknown[]) => void;
  /** A request has come in. */
  readonly onBegin: () => void;
  /** Something of ours threw; it must not reach the app. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Wraps the `emit` of HTTP and HTTPS servers: the one place that every request
 * passes before any listener, framework or not. The end of a response comes by
 * Node's own diagnostics channel, the loss of a connection by one `close`
 * listener per connection: a request costs no listener and no patched method
 * but the one that writes the request id.
 */
export function installServerEntry(services: ServerEntryServices): ServerEntry {
  const entrance = new Entrance(services);
  for (const prototype of [http.Server.prototype, https.Server.prototype]) {
    wrapEmit(prototype, (next, server, args) => emitEntered(entrance, next, server, args));
  }
  // Servers over TLS have the method of `net`, which makes an `error` of the server's.
  for (const prototype of [http.Server.prototype, net.Server.prototype]) {
    noteRejections(prototype, failingHolderOf);
  }
  wrapStoreHeader();
  diagnosticsChannel.subscribe("http.server.response.finish", (message) => {
    const { request, response } = message as Exchange;
    const entry = holderOf(request);
    if (entry instanceof RequestEntry) entrance.leave(entry, response, undefined);
  });
  process.on("uncaughtExceptionMonitor", (error: unknown) => {
    entrance.noteFatal(error);
    tellWhereThrown();
  });
  return {
    abandon: () => entrance.abandon(),
    beginEarly: () => entrance.beginEarly(),
    hasServed: () => entrance.hasServed,
    underWay: () => entrance.underWay,
    begin(request, headers) {
      const entry = entrance.begin(request, headers);
      services.metrics.started(entry);
      return entry;
    },
    leave: (entry, response, breakage) => entrance.leave(entry, response, breakage),
    emitEntered: (next, server, args) => emitEntered(entrance, next, server, args),
  };
}

export interface ServerEntry {
  /** For other ways in: the entry of a request, whose `leave` is then the caller's duty. */
  begin(request: IncomingMessage, headers: RequestHeaders): RequestEntry;
  /** The response is out, or its connection gone. Never throws. */
  leave(entry: RequestEntry, response: Response | undefined, breakage: Breakage | undefined): void;
  /**
   * From now on a request begins before other SDKs see it, which wrap `emit` of the
   * servers themselves; `activeOrComingSpan` has its span then.
   */
  beginEarly(): void;
  /** Emits an event of a server; one that brings a new request over HTTP/1 under its context. */
  emitEntered(next: Emit, server: EventEmitter, args: EmitArgs): boolean;
  /** Whether any request has come in. */
  hasServed(): boolean;
  /** How many requests are under way. */
  underWay(): number;
  /** Ends the requests that are under way: the process ends, and they with it. Never throws. */
  abandon(): void;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A request comes in here and goes out here. */
class Entrance implements RequestServices {
  readonly #services: ServerEntryServices;
  readonly knownMethods: KnownMethods;
  /** The requests under way, by connection. */
  readonly #connections = new Set<Connection>();
  #beginsEarly = false;
  /** A request that began early, whose listeners are not called yet. */
  #begun: { readonly request: IncomingMessage; readonly context: Context } | undefined = undefined;
  hasServed = false;
  underWay = 0;

  constructor(services: ServerEntryServices) {
    this.#services = services;
    this.knownMethods = services.knownMethods;
  }

  /** Node tells of a request before it emits it. */
  beginEarly(): void {
    if (this.#beginsEarly) return;
    this.#beginsEarly = true;
    diagnosticsChannel.subscribe("http.server.request.start", (message) => {
      const { request, response, server } = message as Exchange & { readonly server: object };
      const context = OWN_SERVER in server ? undefined : this.enter(request, response);
      if (context === undefined) return;
      this.#begun = { request, context };
      noteComingSpan(context.span);
    });
  }

  /**
   * The context under which the listeners run; undefined if this is no new
   * request, or something of ours failed.
   */
  enter(request: unknown, response: unknown): Context | undefined {
    const begun = this.#begun;
    if (begun !== undefined) {
      this.#begun = undefined;
      if (begun.request === request) return begun.context;
    }
    try {
      if (!isNew(request) || !isResponse(response)) return undefined;
      const headers = this.#services.headers.read(request);
      const entry = this.begin(request, headers);
      entry.response = response;
      if (headers.hasBody) emitUnder(entry, request);
      // It waits for the response to the request before.
      if (response.socket === null) emitUnder(entry, response);
      this.#services.metrics.started(entry);
      this.#followToEnd(request, response, entry);
      return entry.context;
    } catch (error) {
      this.#services.onFault(error);
      return undefined;
    }
  }

  begin(request: IncomingMessage, headers: RequestHeaders): RequestEntry {
    this.#services.onBegin();
    const connection = this.#connectionOf(request);
    const entry = new RequestEntry(request, headers, this, connection);
    const span = this.#startSpan(entry, headers.parent);
    entry.span = span;
    entry.context = contextFor(headers.parent, span, entry);
    this.hasServed = true;
    this.underWay++;
    return entry;
  }

  /** Each step by itself: the fault of one keeps no other from what it has to do. */
  leave(entry: RequestEntry, response: Response | undefined, breakage: Breakage | undefined): void {
    if (entry.left) return;
    entry.left = true;
    this.underWay--;
    entry.breakage = breakage;
    for (let step = 0; step < LAST_STEPS;) {
      try {
        while (step < LAST_STEPS) this.#takeStep(step++, entry, response);
      } catch (error) {
        this.#services.onFault(error);
      }
    }
  }

  /** What is done at the end of a request, in this order. One function: each would be cold code. */
  #takeStep(step: number, entry: RequestEntry, response: Response | undefined): void {
    const { metrics, onServerErrors } = this.#services;
    switch (step) {
      case 0:
        entry.connection.close(entry);
        return;
      case 1:
        entry.endedAt = now();
        return;
      case 2:
        entry.finish(response);
        return;
      case 3:
        if (isTroubled(entry)) loadBreakage().settle(entry);
        metrics.shape(entry);
        return;
      case 4:
        if (entry.failed) onServerErrors(entry, failuresOf(entry));
        return;
      case 5:
        endSpan(entry);
        return;
      default:
        metrics.ended(entry);
    }
  }

  /**
   * The connection is gone. What the app hears of it, it hears in the request's
   * context and, as far as it hears at once, before the end. A response that it
   * begins now reaches nobody, but what it fails of is found out still.
   */
  lose(entry: RequestEntry, socket: Socket): void {
    const { request, response } = entry;
    let isBegun = true;
    try {
      isBegun = response?.headersSent === true;
      if (request !== undefined) holdUnconnected(request, entry);
      for (const message of [request, response]) {
        if (message !== undefined) emitUnder(entry, message);
      }
    } catch (error) {
      this.#services.onFault(error);
    }
    const breakage = this.#breakageOf(entry, response, socket);
    process.nextTick(() => {
      if (!isBegun) entry.statusCode = undefined;
      this.leave(entry, isBegun ? response : undefined, breakage);
    });
  }

  #breakageOf(...ends: Parameters<ReturnType<typeof loadBreakage>["breakageOf"]>): Breakage {
    try {
      return loadBreakage().breakageOf(...ends);
    } catch (error) {
      this.#services.onFault(error);
      return BY_CLIENT;
    }
  }

  /** A request that is over has failed: the event is all that can tell of it. */
  onLateFailure(entry: RequestEntry, error: unknown): void {
    try {
      const tell = (): void => this.#services.onServerErrors(entry, [error]);
      if (entry.breakage?.by !== "client") tell();
      else loadBreakage().tellUnlessHandled(entry, error, tell);
    } catch (fault) {
      this.#services.onFault(fault);
    }
  }

  abandon(): void {
    for (const { holders } of this.#connections) {
      // A copy: leaving takes the entry off the list.
      for (const entry of [...holders]) {
        if (!(entry instanceof RequestEntry)) continue;
        const { response } = entry;
        this.leave(entry, response, response?.writableEnded === true ? undefined : BY_PROCESS);
      }
    }
  }

  /** An error that nobody caught: the request that it comes from fails, whatever becomes of the process. */
  noteFatal(error: unknown): void {
    try {
      const holder = runWhereThrown(activeHolder);
      const span = holder?.span;
      if (span === undefined || !span.isRecording()) return;
      if (holder instanceof RequestEntry) {
        holder.noteFailure(error);
        return;
      }
      span.setStatus({ code: STATUS_ERROR });
      if (!(error instanceof Error)) return;
      span.setAttribute("error.type", error.name);
      span.recordException(error);
    } catch (fault) {
      this.#services.onFault(fault);
    }
  }

  #startSpan(entry: RequestEntry, parent: ApiContext): ReturnType<TelltaleTracer["start"]> {
    const span = this.#services.tracer.start(
      entry.spanName,
      SERVER,
      NO_OPTIONS,
      parent,
      spanIn(parent),
      entry.startedAt,
    );
    if (span instanceof TelltaleSpan) {
      span.setSource(entry);
      entry.localTrace = span.localTrace;
    }
    return span;
  }

  /**
   * Node tells of the end of a response if it has parsed the request. One that
   * an app emits by hand (from HTTP/2, or from no network at all) is followed
   * by listeners; the response to an upgrade is the socket itself.
   */
  #followToEnd(request: IncomingMessage, response: ServerResponse, entry: RequestEntry): void {
    entry.connection.holders.push(entry);
    const socket = request.socket as Wire | undefined;
    if (socket?.[UNDER_WAY] !== entry.connection) holdUnconnected(request, entry);
    if ((request as { readonly upgrade?: boolean }).upgrade === true) {
      const { awaitAnswer } = loadUpgrade();
      awaitAnswer(response, (answer) => this.leave(entry, answer, undefined));
      return;
    }
    if (socket?.parser?.incoming === request) return;
    response.once("finish", () => this.leave(entry, response, undefined));
    response.once("close", () =>
      this.leave(entry, response, this.#breakageOf(entry, response, response)),
    );
  }

  /** The one that all requests of a socket share; its own for a request that no socket brought. */
  #connectionOf(request: IncomingMessage): Connection {
    const socket = request.socket as Wire | undefined;
    const known = socket?.[UNDER_WAY];
    if (known instanceof Connection) return known;
    const connection = new Connection(socket);
    if (typeof socket?.prependOnceListener === "function") this.#open(socket, connection);
    return connection;
  }

  #open(socket: Wire, connection: Connection): void {
    socket[UNDER_WAY] = connection;
    this.#connections.add(connection);
    // Before Node tells the messages of the connection.
    socket.prependOnceListener("close", () => {
      this.#connections.delete(connection);
      for (const entry of connection.holders)
        if (entry instanceof RequestEntry) this.lose(entry, socket);
    });
  }
}

type Wire = Socket &
  Carrier & {
    /** Node's, where it reads HTTP/1 from the connection. */
    readonly parser?: { readonly incoming?: unknown } | null;
  };

/** Of the end of a request. */
const LAST_STEPS = 7;

const NO_OPTIONS = Object.freeze({});

function contextFor(parent: ApiContext, span: RequestEntry["span"], entry: RequestEntry): Context {
  if (parent === ROOT) return new Context(span, entry, false, undefined);
  return (parent as Context).withSpan(span).withHolder(entry);
}

function endSpan(entry: RequestEntry): void {
  const span = entry.span;
  if (span === undefined || !span.isRecording()) return;
  if (entry.route !== undefined) span.updateName(entry.rpc?.spanName ?? entry.spanName);
  if (entry.failed) failSpan(span, entry);
  span.end(entry.endedAt);
}

/** Those of another realm (Next's edge runtime, Jest) have a class of their own; a proxy may throw. */
function isErrorObject(reason: unknown): reason is Error {
  try {
    return types.isNativeError(reason) || reason instanceof Error;
  } catch {
    return false;
  }
}

/** Whether there is something to find out at the end. */
function isTroubled({ breakage, error, failures, rpc }: RequestEntry): boolean {
  return (
    breakage !== undefined || error !== undefined || failures !== undefined || rpc !== undefined
  );
}

function failSpan(span: Span, entry: RequestEntry): void {
  span.setStatus({ code: STATUS_ERROR });
  for (const reason of failuresOf(entry)) {
    if (isErrorObject(reason)) span.recordException(reason, entry.endedAt);
  }
}

/**
 * The events that bring a request. The two for `Expect` come where an app
 * answers it itself, mostly by emitting `request` thereafter: that makes no
 * second entry. `upgrade` comes with the socket in the response's place, where
 * somebody listens for it. All other events pass untouched.
 */
function emitEntered(
  entrance: Entrance,
  next: Emit,
  server: EventEmitter,
  args: EmitArgs,
): boolean {
  const event = args[0];
  if (
    event !== "request" &&
    event !== "upgrade" &&
    event !== "checkContinue" &&
    event !== "checkExpectation"
  ) {
    return Reflect.apply(next, server, args);
  }
  const context = OWN_SERVER in server ? undefined : entrance.enter(args[1], args[2]);
  if (context === undefined) return Reflect.apply(next, server, args);
  return callIn(context, next, server, args);
}

/** Whether it is a request, and one that has not come in before. */
function isNew(request: unknown): request is IncomingMessage {
  return typeof request === "object" && request !== null && holderOf(request) === undefined;
}

/** Whether its end can be seen: what an app emits by hand may be anything. */
function isResponse(response: unknown): response is ServerResponse {
  return typeof (response as Partial<ServerResponse> | null | undefined)?.once === "function";
}
