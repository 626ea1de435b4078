import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import { Context } from "../../../context/context.ts";
import type { Emit } from "../../../context/emit.ts";
import { routeRecorderOf } from "../../../context/unit-access.ts";
import { activeContext, callWithContext } from "../../../context/manager.ts";
import type { ReceivedMessage, MessagingInstrumenter } from "../../../context/messaging.ts";
import type { Adaptor, LoadedFile, AdaptorDeps } from "../../loading/adaptor.ts";
import { emitAsUnitOfWork } from "../emit-as-unit.ts";
import { markEngineSocket } from "../engine-sockets.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { type SocketCounters, SocketMetrics } from "../socket-metrics.ts";

/**
 * Socket.IO, and Engine.IO beneath it. A connection begins with a request (a poll,
 * or the handshake of a WebSocket). The request's context and unit of work are
 * the connection's while it is open, for packets of all transports and requests.
 *
 * With the option `messages` each event that an app listens for is a separate unit
 * of work, linked to that request. (OpenTelemetry's instrumentation creates spans
 * of all events, in the trace of the request that brings them.)
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    if (file.package === "engine.io") patchEngine(exports as EngineModule);
    else if (file.file === "dist/client.js") patchClient(exports as ClientModule, file, deps);
    else patchSocket(exports as SocketModule, file, deps);
    return exports;
  },
};

type Class = { readonly prototype: object };

/** Version 4 of Engine.IO exports the class itself. */
type EngineModule = (Class & { readonly Server?: undefined }) | { readonly Server: Class };

interface ClientModule {
  readonly Client: Class;
}

interface SocketModule {
  readonly Socket: Class;
}

function patchEngine(exports: EngineModule): void {
  const { prototype } = exports.Server ?? exports;
  const paths = new WeakMap<object, string>();
  replaceMethod<object, [unknown, { readonly path?: unknown }?, ...unknown[]]>(
    prototype,
    "attach",
    (original) => {
      return function attach(...args) {
        const path = args[1]?.path;
        if (typeof path === "string") paths.set(this, `${path.replace(/\/$/, "")}/`);
        return Reflect.apply(original, this, args);
      };
    },
  );
  const recordRoute = (server: object, request: IncomingMessage): void => {
    const path = paths.get(server);
    const unit = routeRecorderOf(request);
    if (path === undefined || unit?.currentPath()?.startsWith(path) !== true) return;
    unit.route ??= path;
  };
  replaceMethod<object, [IncomingMessage, ...unknown[]]>(prototype, "handleRequest", (original) => {
    return function handleRequest(...args) {
      recordRoute(this, args[0]);
      return Reflect.apply(original, this, args);
    };
  });
  replaceMethod<object, [IncomingMessage, object, ...unknown[]]>(
    prototype,
    "handleUpgrade",
    (original) => {
      return function handleUpgrade(...args) {
        recordRoute(this, args[0]);
        markEngineSocket(args[1]);
        return Reflect.apply(original, this, args);
      };
    },
  );
}

/** Contexts of connections by Socket.IO's `Client`, which all sockets of a connection share. */
const connections = new WeakMap<object, Context>();

/** Counters of all connections, created with the first file that needs them. */
class SharedCounters {
  #counters: SocketCounters | undefined = undefined;

  get(deps: AdaptorDeps, { version }: LoadedFile): SocketCounters {
    this.#counters ??= new SocketMetrics(deps, "socket.io", version).countersFor(
      "socket.io",
      undefined,
    );
    return this.#counters;
  }
}

/** One for the files of the client and of the socket. */
const sharedCounters = new SharedCounters();

/** Methods by which the network reports events of a connection. */
const INCOMING_METHODS = ["ondata", "onclose", "onerror"] as const;

/** The method that sends packets: the first in version 4, the second in 3. */
const OUTGOING_METHODS = ["writeToEngine", "_packet"] as const;

function patchClient(
  { Client: { prototype } }: ClientModule,
  file: LoadedFile,
  deps: AdaptorDeps,
): void {
  const { received, sent } = sharedCounters.get(deps, file);
  replaceMethod<object, unknown[]>(prototype, "setup", (original) => {
    return function setup(...args) {
      const context = activeContext();
      if (context instanceof Context) connections.set(this, context);
      return Reflect.apply(original, this, args);
    };
  });
  for (const name of INCOMING_METHODS) {
    replaceMethod<object, unknown[]>(prototype, name, (original) => {
      return function (...args) {
        if (name === "ondata") received();
        const context = connections.get(this);
        if (context === undefined) return Reflect.apply(original, this, args);
        return callWithContext(context, original, this, args);
      };
    });
  }
  const sendMethod = OUTGOING_METHODS.find((name) => name in prototype) ?? "_packet";
  replaceMethod<{ readonly conn?: { readonly readyState?: string } }, unknown[]>(
    prototype,
    sendMethod,
    (original) => {
      return function (...args) {
        if (this.conn?.readyState === "open") sent();
        return Reflect.apply(original, this, args);
      };
    },
  );
}

/** A socket in the app's sense: one namespace of a connection. */
interface SocketLike extends EventEmitter {
  readonly client?: object;
  readonly connected?: boolean;
  readonly nsp?: { readonly name?: string };
}

function patchSocket(
  { Socket: { prototype } }: SocketModule,
  file: LoadedFile,
  deps: AdaptorDeps,
): void {
  const { opened, closed } = sharedCounters.get(deps, file);
  const open = new WeakSet<object>();
  replaceMethod<SocketLike, unknown[]>(prototype, "_onconnect", (original) => {
    return function _onconnect(...args) {
      if (!open.has(this)) opened();
      open.add(this);
      return Reflect.apply(original, this, args);
    };
  });
  replaceMethod<SocketLike, unknown[]>(prototype, "_onclose", (original) => {
    return function _onclose(...args) {
      if (open.delete(this)) closed();
      return Reflect.apply(original, this, args);
    };
  });
  if (deps.options["messages"] === true) traceEvents(prototype, deps.messaging());
}

/** Version 3 has no separate method that emits received events. */
function traceEvents(prototype: object, instrumenter: MessagingInstrumenter): void {
  const emitters = Object.getPrototypeOf(prototype) as object;
  if (!("emitUntyped" in emitters)) return;
  replaceMethod<SocketLike, [string, ...unknown[]]>(emitters, "emitUntyped", (original) => {
    return function emitUntyped(...args) {
      const work = beginWork(this, args[0], instrumenter);
      if (work === undefined) return Reflect.apply(original, this, args);
      return emitAsUnitOfWork(work, original as Emit, this, args);
    };
  });
}

/** Returns undefined for events without a listener: a client may send any name. */
function beginWork(
  socket: SocketLike,
  event: string,
  instrumenter: MessagingInstrumenter,
): ReturnType<MessagingInstrumenter["startProcess"]> {
  const connection = socket.client && connections.get(socket.client);
  if (connection === undefined || socket.listenerCount(event) === 0) return undefined;
  return instrumenter.startProcess(receivedMessageOf(socket, event, connection));
}

/** Socket.IO's attributes have the names of upstream's instrumentation. */
function receivedMessageOf(
  { nsp }: SocketLike,
  event: string,
  connection: Context,
): ReceivedMessage {
  const namespace = nsp?.name;
  return {
    system: "socket.io",
    destination: event,
    operation: "process",
    propagationHeaders: [],
    connection,
    attributes: {
      "messaging.socket.io.event_name": event,
      ...(namespace !== undefined && { "messaging.socket.io.namespace": namespace }),
    },
    job: { name: event },
  };
}
