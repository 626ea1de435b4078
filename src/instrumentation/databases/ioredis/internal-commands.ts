import type { LoadedFile } from "../../loading/adaptor.ts";
import { CurrentValue } from "../../loading/current-value.ts";
import { type Method, replaceMethod } from "../../loading/replace-method.ts";

/*
 * What `ioredis` says to servers without being asked by the app: as a
 * connection opens, to learn of a cluster's servers, and to sentinels. It does
 * so at once in methods of its own; meanwhile `isInternalCommand`.
 */

const isInternal = new CurrentValue(false);

export function isInternalCommand(): boolean {
  return isInternal.get();
}

/** Whatever `target[name]`, if there is one, says at once, it says unasked. */
export function markInternal(target: object, name: string): void {
  if (name in target) replaceMethod<object, unknown[]>(target, name, asInternal);
}

function asInternal(original: Method<object>): Method<object> {
  return function (...args) {
    return isInternal.run(true, () => Reflect.apply(original, this, args));
  };
}

/** What version 6 says while it shakes hands, also after a server has refused `HELLO`. */
const handshakeCommands = new Set([
  "hello",
  "auth",
  "select",
  "client",
  "readonly",
  "info",
  "himport",
]);

interface Connecting {
  readonly condition?: { readonly handshake?: boolean } | null;
}

/** @param command its name, in small letters */
export function isHandshake({ condition }: Connecting, command: string): boolean {
  return condition?.handshake === true && handshakeCommands.has(command);
}

const EVENT_HANDLERS = "/redis/event_handler.js";
const FAILOVER = "/FailoverDetector.js";
const SENTINEL = /\/(?:sentinel_connector|SentinelConnector\/index)\.js$/;

/** Whether nothing of a file is called by the app. */
export function isInternalFile({ file }: LoadedFile): boolean {
  return file.endsWith(EVENT_HANDLERS) || file.endsWith(FAILOVER) || SENTINEL.test(file);
}

export function patchInternal(exports: object, { file }: LoadedFile): void {
  if (file.endsWith(EVENT_HANDLERS)) patchEventHandlers(exports);
  else if (file.endsWith(FAILOVER)) {
    markInternal((exports as Failover).FailoverDetector.prototype, "subscribe");
  } else {
    const prototype = exportedPrototype(exports);
    for (const name of ["updateSentinels", "resolveMaster", "resolveSlave"]) {
      markInternal(prototype, name);
    }
  }
}

interface Failover {
  readonly FailoverDetector: { readonly prototype: object };
}

/**
 * They return what is called as a connection opens: it authenticates itself,
 * selects its database, subscribes again.
 */
function patchEventHandlers(handlers: object): void {
  for (const name of ["connectHandler", "readyHandler"]) {
    replaceMethod<unknown, unknown[]>(
      handlers,
      name,
      (original) =>
        function makeHandler(...args) {
          return asInternal(Reflect.apply(original, this, args) as Method<object>);
        },
    );
  }
}

/** ioredis 2 to 4 export the constructor, later ones have it as `default`. */
export function exportedPrototype(exports: unknown): object {
  const { default: named } = exports as { readonly default?: { readonly prototype: object } };
  return (named ?? (exports as { readonly prototype: object })).prototype;
}
