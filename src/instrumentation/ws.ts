import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import { Context, ROOT } from "../context/context.ts";
import { type Emit, type EmitArgs, wrapEmit } from "../context/emit.ts";
import { type Holder, holderOf } from "../context/holder.ts";
import { activeContext, callIn } from "../context/manager.ts";
import type { Delivery, WorkEntrance } from "../context/work.ts";
import type { Adaptor, LoadedFile, Services } from "./adaptor.ts";
import { emitAttended } from "./attended-emit.ts";
import { bindArguments } from "./caller-context.ts";
import { isEngineSocket } from "./engine-sockets.ts";
import { rememberOwn, replaceMethod } from "./method.ts";
import { type SocketCounts, SocketMetrics } from "./socket-metrics.ts";

/**
 * `ws`. The handshake is a request, whose span ends when it is answered
 * (`entry/upgrade.ts`); its holder and its context are the connection's for as
 * long as that is open: all that the app hears of a connection it hears there.
 *
 * With the option `messages` each message is a unit of work of its own, linked
 * to the handshake.
 */
export const adaptor: Adaptor = {
  patch(exports, file, services) {
    const { prototype } = exports as { readonly prototype: object };
    if (file.file === "lib/websocket-server.js") watchUpgrades(prototype, services);
    else {
      patchSockets(prototype, file, services);
      // What is compressed waits for its turn.
      for (const name of ["send", "ping", "pong"]) bindArguments(prototype, name);
    }
    return exports;
  },
};

interface ServerLike {
  readonly options: { readonly path?: string | null };
}

/** By the network socket: the context of the request that it is upgraded by. */
const upgrades = new WeakMap<object, Context>();

function watchUpgrades(prototype: object, { diagnostics }: Services): void {
  replaceMethod<ServerLike, [IncomingMessage, object, ...unknown[]]>(
    prototype,
    "handleUpgrade",
    (original) => {
      return function handleUpgrade(...args) {
        try {
          noteUpgrade(args[0], args[1], this.options.path);
        } catch (error) {
          diagnostics.error("ws", `a WebSocket is not followed: ${String(error)}`);
        }
        return Reflect.apply(original, this, args);
      };
    },
  );
}

/** The one path that a server takes is a route; where it takes any, nobody knows one. */
function noteUpgrade(
  request: IncomingMessage,
  socket: object,
  path: string | null | undefined,
): void {
  const holder = holderOf(request);
  if (holder === undefined) return;
  upgrades.set(socket, contextOf(holder));
  if (typeof path === "string" && holder.pathNow() === path) holder.route ??= path;
}

/** The app may have come here from anywhere, by a pool's callback for one. */
function contextOf(holder: Holder): Context {
  const active = activeContext();
  if (active instanceof Context && active.holder === holder) return active;
  return ROOT.withSpan(holder.span).withHolder(holder);
}

/** What is used of a `WebSocket`, a server's or a client's. */
interface SocketLike extends EventEmitter {
  readonly readyState: number;
  readonly _isServer: boolean;
}

const OPEN = 1;

/** A WebSocket that is open, as the app gets it. */
interface Connection {
  readonly context: Context;
  readonly route: string | undefined;
  /** Of a server's only. */
  readonly counts: SocketCounts | undefined;
  /** Whether its messages are the app's, and asked for. */
  readonly hasMessages: boolean;
}

function patchSockets(prototype: object, { version }: LoadedFile, services: Services): void {
  const sockets = new Sockets(services, new SocketMetrics(services, "ws", version));
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
  rememberOwn(prototype, "emit");
  wrapEmit(prototype as EventEmitter, (next, emitter, args) => sockets.emit(next, emitter, args));
}

/** All WebSockets of one copy of `ws`. */
class Sockets {
  readonly #services: Services;
  readonly #entrance: WorkEntrance | undefined;
  readonly #metrics: SocketMetrics;
  readonly #connections = new WeakMap<object, Connection>();
  readonly #counts = new Map<string | undefined, SocketCounts>();

  constructor(services: Services, metrics: SocketMetrics) {
    this.#services = services;
    this.#metrics = metrics;
    this.#entrance = services.options["messages"] === true ? services.work() : undefined;
  }

  /** Never throws. */
  open(websocket: SocketLike, socket: object): void {
    try {
      const connection = websocket._isServer ? this.#served(socket) : this.#asked();
      if (connection === undefined) return;
      this.#connections.set(websocket, connection);
      connection.counts?.opened();
    } catch (error) {
      this.#services.diagnostics.error("ws", `a WebSocket is not followed: ${String(error)}`);
    }
  }

  sent(websocket: SocketLike): void {
    this.#connections.get(websocket)?.counts?.sent();
  }

  emit(next: Emit, websocket: EventEmitter, args: EmitArgs): boolean {
    const connection = this.#connections.get(websocket);
    if (connection === undefined) return Reflect.apply(next, websocket, args);
    const [event] = args;
    if (event === "message") return this.#emitMessage(connection, next, websocket, args);
    if (event === "close") this.#close(websocket, connection);
    return callIn(connection.context, next, websocket, args);
  }

  #emitMessage(
    connection: Connection,
    next: Emit,
    websocket: EventEmitter,
    args: EmitArgs,
  ): boolean {
    connection.counts?.received();
    const work = connection.hasMessages
      ? this.#entrance?.begin(deliveryOf(connection, args[1]))
      : undefined;
    if (work === undefined) return callIn(connection.context, next, websocket, args);
    return emitAttended(work, next, websocket, args);
  }

  #close(websocket: EventEmitter, { context, route, counts }: Connection): void {
    if (counts === undefined) return;
    counts.closed();
    this.#connections.set(websocket, { context, route, counts: undefined, hasMessages: false });
  }

  /** A server's: one that no request of ours brought has the context that it is made in. */
  #served(socket: object): Connection | undefined {
    const isEngines = isEngineSocket(socket);
    const context = upgrades.get(socket) ?? activeContext();
    if (!(context instanceof Context)) return undefined;
    const route = context.holder?.route;
    const counts = isEngines ? undefined : this.#countsOf(route);
    return { context, route, counts, hasMessages: !isEngines };
  }

  /** A client's runs where it was made, as far as nobody asks for its messages. */
  #asked(): Connection | undefined {
    const context = activeContext();
    if (this.#entrance === undefined || !(context instanceof Context)) return undefined;
    return { context, route: undefined, counts: undefined, hasMessages: true };
  }

  /** Routes are paths that the app has given to its servers: a few. */
  #countsOf(route: string | undefined): SocketCounts {
    const known = this.#counts.get(route);
    if (known !== undefined) return known;
    const counts = this.#metrics.countsOf("websocket", route);
    this.#counts.set(route, counts);
    return counts;
  }
}

/**
 * By the messaging conventions, whose system may be any: a message is processed,
 * and where it goes to is the route.
 */
function deliveryOf({ context, route }: Connection, data: unknown): Delivery {
  const size = sizeOf(data);
  return {
    system: "websocket",
    destination: route ?? "",
    operation: "process",
    carried: [],
    connection: context,
    attributes: size === undefined ? {} : { "messaging.message.body.size": size },
    job: { name: route === undefined ? "websocket" : `websocket ${route}` },
  };
}

/** In bytes. Fragments come as an array, text as a string until `ws` 7. */
function sizeOf(data: unknown): number | undefined {
  if (typeof data === "string") return Buffer.byteLength(data);
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return data.byteLength;
  return undefined;
}
