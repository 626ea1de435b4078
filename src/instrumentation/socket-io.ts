import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import { Context } from "../context/context.ts";
import type { Emit } from "../context/emit.ts";
import { holderOf } from "../context/holder.ts";
import { activeContext, callIn } from "../context/manager.ts";
import type { Delivery, WorkEntrance } from "../context/work.ts";
import type { Adaptor, LoadedFile, Services } from "./adaptor.ts";
import { emitAttended } from "./attended-emit.ts";
import { noteEngineSocket } from "./engine-sockets.ts";
import { replaceMethod } from "./method.ts";
import { type SocketCounts, SocketMetrics } from "./socket-metrics.ts";

/**
 * Socket.IO, and the Engine.IO beneath it. A connection begins with a request
 * (a poll, or the handshake of a WebSocket), whose holder and context are the
 * connection's for as long as it is there, by whatever transport and request
 * its packets come.
 *
 * With the option `messages` each event that an app listens for is a unit of
 * work of its own, linked to that request. (OpenTelemetry's own instrumentation
 * makes spans of all events at once, in the trace of whatever brings them.)
 */
export const adaptor: Adaptor = {
  patch(exports, file, services) {
    if (file.package === "engine.io") patchEngine(exports as EngineModule);
    else if (file.file === "dist/client.js") patchClient(exports as ClientModule, file, services);
    else patchSocket(exports as SocketModule, file, services);
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
  const nameRoute = (server: object, request: IncomingMessage): void => {
    const path = paths.get(server);
    const holder = holderOf(request);
    if (path === undefined || holder?.pathNow()?.startsWith(path) !== true) return;
    holder.route ??= path;
  };
  replaceMethod<object, [IncomingMessage, ...unknown[]]>(prototype, "handleRequest", (original) => {
    return function handleRequest(...args) {
      nameRoute(this, args[0]);
      return Reflect.apply(original, this, args);
    };
  });
  replaceMethod<object, [IncomingMessage, object, ...unknown[]]>(
    prototype,
    "handleUpgrade",
    (original) => {
      return function handleUpgrade(...args) {
        nameRoute(this, args[0]);
        noteEngineSocket(args[1]);
        return Reflect.apply(original, this, args);
      };
    },
  );
}

/** By Socket.IO's `Client`, which all sockets of a connection share. */
const connections = new WeakMap<object, Context>();

/** The counts of all connections; made with the first file that needs them. */
let counts: SocketCounts | undefined;

function countsFrom(services: Services, { version }: LoadedFile): SocketCounts {
  counts ??= new SocketMetrics(services, "socket.io", version).countsOf("socket.io", undefined);
  return counts;
}

/** All that the network tells of a connection comes by these three. */
const HEARD = ["ondata", "onclose", "onerror"] as const;

/** How packets go out: version 4 has one way for all of them, 3 another one. */
const SENT = ["writeToEngine", "_packet"] as const;

function patchClient(
  { Client: { prototype } }: ClientModule,
  file: LoadedFile,
  services: Services,
): void {
  const { received, sent } = countsFrom(services, file);
  replaceMethod<object, unknown[]>(prototype, "setup", (original) => {
    return function setup(...args) {
      const context = activeContext();
      if (context instanceof Context) connections.set(this, context);
      return Reflect.apply(original, this, args);
    };
  });
  for (const name of HEARD) {
    replaceMethod<object, unknown[]>(prototype, name, (original) => {
      return function (...args) {
        if (name === "ondata") received();
        const context = connections.get(this);
        if (context === undefined) return Reflect.apply(original, this, args);
        return callIn(context, original, this, args);
      };
    });
  }
  const way = SENT.find((name) => name in prototype) ?? "_packet";
  replaceMethod<{ readonly conn?: { readonly readyState?: string } }, unknown[]>(
    prototype,
    way,
    (original) => {
      return function (...args) {
        if (this.conn?.readyState === "open") sent();
        return Reflect.apply(original, this, args);
      };
    },
  );
}

/** What the app calls a socket: one namespace of a connection. */
interface SocketLike extends EventEmitter {
  readonly client?: object;
  readonly connected?: boolean;
  readonly nsp?: { readonly name?: string };
}

function patchSocket(
  { Socket: { prototype } }: SocketModule,
  file: LoadedFile,
  services: Services,
): void {
  const { opened, closed } = countsFrom(services, file);
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
  if (services.options["messages"] === true) followEvents(prototype, services.work());
}

/** Version 3 emits what comes in by no method of its own. */
function followEvents(prototype: object, entrance: WorkEntrance): void {
  const emitters = Object.getPrototypeOf(prototype) as object;
  if (!("emitUntyped" in emitters)) return;
  replaceMethod<SocketLike, [string, ...unknown[]]>(emitters, "emitUntyped", (original) => {
    return function emitUntyped(...args) {
      const work = workOf(this, args[0], entrance);
      if (work === undefined) return Reflect.apply(original, this, args);
      return emitAttended(work, original as Emit, this, args);
    };
  });
}

/** A client may send any name: what nobody listens for is no event of the app's. */
function workOf(
  socket: SocketLike,
  event: string,
  entrance: WorkEntrance,
): ReturnType<WorkEntrance["begin"]> {
  const connection = socket.client && connections.get(socket.client);
  if (connection === undefined || socket.listenerCount(event) === 0) return undefined;
  return entrance.begin(deliveryOf(socket, event, connection));
}

/** The attributes of Socket.IO's own have the names that upstream's instrumentation gives them. */
function deliveryOf({ nsp }: SocketLike, event: string, connection: Context): Delivery {
  const namespace = nsp?.name;
  return {
    system: "socket.io",
    destination: event,
    operation: "process",
    carried: [],
    connection,
    attributes: {
      "messaging.socket.io.event_name": event,
      ...(namespace !== undefined && { "messaging.socket.io.namespace": namespace }),
    },
    job: { name: event },
  };
}
