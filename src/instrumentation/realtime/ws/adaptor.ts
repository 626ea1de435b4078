import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import { Context } from "../../../context/context.ts";
import { type Emit, type EmitArgs, wrapEmit } from "../../../context/emit.ts";
import { contextOfUnit, routeRecorderIn, routeRecorderOf } from "../../../context/unit-access.ts";
import type { RouteRecorder } from "../../../context/unit-views.ts";
import { activeContext, callWithContext } from "../../../context/manager.ts";
import type { ReceivedMessage, MessagingInstrumenter } from "../../../context/messaging.ts";
import type { Adaptor, LoadedFile, AdaptorDeps } from "../../loading/adaptor.ts";
import { emitAsUnitOfWork } from "../emit-as-unit.ts";
import { bindArguments } from "../../loading/caller-context.ts";
import { isEngineSocket } from "../engine-sockets.ts";
import { rememberForRollback, replaceMethod } from "../../loading/replace-method.ts";
import { type SocketCounters, SocketMetrics } from "../socket-metrics.ts";

/**
 * `ws`. The handshake is a request, whose span ends with its response
 * (`http/server/upgrade.ts`). Its context and unit of work are the connection's
 * while that is open: all events of a connection are emitted there.
 *
 * With the option `messages` each message is a separate unit of work, linked to
 * the handshake.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const { prototype } = exports as { readonly prototype: object };
    if (file.file === "lib/websocket-server.js") patchUpgrades(prototype, deps);
    else {
      patchSockets(prototype, file, deps);
      // Compressed messages are queued.
      for (const name of ["send", "ping", "pong"]) bindArguments(prototype, name);
    }
    return exports;
  },
};

interface ServerLike {
  readonly options: { readonly path?: string | null };
}

/** Contexts of upgrade requests, by network socket. */
const upgradeContexts = new WeakMap<object, Context>();

function patchUpgrades(prototype: object, { diagnostics }: AdaptorDeps): void {
  replaceMethod<ServerLike, [IncomingMessage, object, ...unknown[]]>(
    prototype,
    "handleUpgrade",
    (original) => {
      return function handleUpgrade(...args) {
        try {
          recordUpgrade(args[0], args[1], this.options.path);
        } catch (error) {
          diagnostics.error("ws", `a WebSocket could not be traced: ${String(error)}`);
        }
        return Reflect.apply(original, this, args);
      };
    },
  );
}

/** Records the route, where the server accepts a single path. */
function recordUpgrade(
  request: IncomingMessage,
  socket: object,
  path: string | null | undefined,
): void {
  const unit = routeRecorderOf(request);
  if (unit === undefined) return;
  upgradeContexts.set(socket, contextOf(unit));
  if (typeof path === "string" && unit.currentPath() === path) unit.route ??= path;
}

/** The active context may be another one, for example in a pool's callback. */
function contextOf(unit: RouteRecorder): Context {
  const active = activeContext();
  if (active instanceof Context && active.unit === unit) return active;
  return contextOfUnit(unit);
}

/** The used part of a `WebSocket`, a server's or a client's. */
interface SocketLike extends EventEmitter {
  readonly readyState: number;
  readonly _isServer: boolean;
}

const OPEN = 1;

/** An open WebSocket of the app. */
interface WebSocketConnection {
  readonly context: Context;
  readonly route: string | undefined;
  /** Only of a server. */
  readonly counters: SocketCounters | undefined;
  /** Whether its messages are the app's and are traced. */
  readonly hasMessages: boolean;
}

function patchSockets(prototype: object, { version }: LoadedFile, deps: AdaptorDeps): void {
  const sockets = new TracedSockets(deps, new SocketMetrics(deps, "ws", version));
  replaceMethod<SocketLike, [object, ...unknown[]]>(prototype, "setSocket", (original) => {
    return function setSocket(...args) {
      sockets.open(this, args[0]);
      return Reflect.apply(original, this, args);
    };
  });
  replaceMethod<SocketLike, unknown[]>(prototype, "send", (original) => {
    return function send(...args) {
      if (this.readyState === OPEN) sockets.sent(this);
      return Reflect.apply(original, this, args);
    };
  });
  rememberForRollback(prototype, "emit");
  wrapEmit(prototype as EventEmitter, (next, emitter, args) => sockets.emit(next, emitter, args));
}

/** All WebSockets of one copy of `ws`. */
class TracedSockets {
  readonly #deps: AdaptorDeps;
  readonly #instrumenter: MessagingInstrumenter | undefined;
  readonly #metrics: SocketMetrics;
  readonly #connections = new WeakMap<object, WebSocketConnection>();
  readonly #counters = new Map<string | undefined, SocketCounters>();

  constructor(deps: AdaptorDeps, metrics: SocketMetrics) {
    this.#deps = deps;
    this.#metrics = metrics;
    this.#instrumenter = deps.options["messages"] === true ? deps.messaging() : undefined;
  }

  /** Never throws. */
  open(websocket: SocketLike, socket: object): void {
    try {
      const connection = websocket._isServer
        ? this.#serverConnection(socket)
        : this.#clientConnection();
      if (connection === undefined) return;
      this.#connections.set(websocket, connection);
      connection.counters?.opened();
    } catch (error) {
      this.#deps.diagnostics.error("ws", `a WebSocket could not be traced: ${String(error)}`);
    }
  }

  sent(websocket: SocketLike): void {
    this.#connections.get(websocket)?.counters?.sent();
  }

  emit(next: Emit, websocket: EventEmitter, args: EmitArgs): boolean {
    const connection = this.#connections.get(websocket);
    if (connection === undefined) return Reflect.apply(next, websocket, args);
    const [event] = args;
    if (event === "message") return this.#emitMessage(connection, next, websocket, args);
    if (event === "close") this.#close(websocket, connection);
    return callWithContext(connection.context, next, websocket, args);
  }

  #emitMessage(
    connection: WebSocketConnection,
    next: Emit,
    websocket: EventEmitter,
    args: EmitArgs,
  ): boolean {
    connection.counters?.received();
    const work = connection.hasMessages
      ? this.#instrumenter?.startProcess(receivedMessageOf(connection, args[1]))
      : undefined;
    if (work === undefined) return callWithContext(connection.context, next, websocket, args);
    return emitAsUnitOfWork(work, next, websocket, args);
  }

  #close(websocket: EventEmitter, { context, route, counters }: WebSocketConnection): void {
    if (counters === undefined) return;
    counters.closed();
    this.#connections.set(websocket, { context, route, counters: undefined, hasMessages: false });
  }

  /** A server's connection without a traced upgrade request has the context of its creation. */
  #serverConnection(socket: object): WebSocketConnection | undefined {
    const isEngineIo = isEngineSocket(socket);
    const context = upgradeContexts.get(socket) ?? activeContext();
    if (!(context instanceof Context)) return undefined;
    const route = routeRecorderIn(context)?.route;
    const counters = isEngineIo ? undefined : this.#countersFor(route);
    return { context, route, counters, hasMessages: !isEngineIo };
  }

  /** A client's connection is only traced for its messages. */
  #clientConnection(): WebSocketConnection | undefined {
    const context = activeContext();
    if (this.#instrumenter === undefined || !(context instanceof Context)) return undefined;
    return { context, route: undefined, counters: undefined, hasMessages: true };
  }

  /** Routes are the paths that the app configured, and so a few. */
  #countersFor(route: string | undefined): SocketCounters {
    const known = this.#counters.get(route);
    if (known !== undefined) return known;
    const counts = this.#metrics.countersFor("websocket", route);
    this.#counters.set(route, counts);
    return counts;
  }
}

/**
 * Describes a message by the messaging conventions, which allow any system: the
 * operation is `process`, and the destination is the route.
 */
function receivedMessageOf(
  { context, route }: WebSocketConnection,
  data: unknown,
): ReceivedMessage {
  const size = sizeOf(data);
  return {
    system: "websocket",
    destination: route ?? "",
    operation: "process",
    propagationHeaders: [],
    connection: context,
    attributes: size === undefined ? {} : { "messaging.message.body.size": size },
    job: { name: route === undefined ? "websocket" : `websocket ${route}` },
  };
}

/** Size in bytes. Fragments are an array, and text is a string until `ws` 7. */
function sizeOf(data: unknown): number | undefined {
  if (typeof data === "string") return Buffer.byteLength(data);
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return data.byteLength;
  return undefined;
}
