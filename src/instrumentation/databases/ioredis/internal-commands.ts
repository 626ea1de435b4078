import type { LoadedFile } from "../../loading/adaptor.ts";
import { CurrentValue } from "../../loading/current-value.ts";
import { type Method, replaceMethod } from "../../loading/replace-method.ts";

/*
 * Commands that `ioredis` sends by itself: when a connection opens, to find the
 * servers of a cluster, and to sentinels. Its own methods send them synchronously;
 * `isInternalCommand` is true while one of these runs.
 */

const isInternal = new CurrentValue(false);

export function isInternalCommand(): boolean {
  return isInternal.get();
}

/**
 * Marks all commands that `target[name]` sends synchronously as internal. Ignores
 * a missing method.
 */
export function markInternal(target: object, name: string): void {
  if (name in target) replaceMethod<object, unknown[]>(target, name, asInternal);
}

function asInternal(original: Method<object>): Method<object> {
  return function (...args) {
    return isInternal.run(true, () => Reflect.apply(original, this, args));
  };
}

/** Commands of the handshake in version 6, also after a server has rejected `HELLO`. */
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

/** @param command name of the command in lower case */
export function isHandshake({ condition }: Connecting, command: string): boolean {
  return condition?.handshake === true && handshakeCommands.has(command);
}

const EVENT_HANDLERS = "/redis/event_handler.js";
const FAILOVER = "/FailoverDetector.js";
const SENTINEL = /\/(?:sentinel_connector|SentinelConnector\/index)\.js$/;

/** Whether the app calls no function of the file. */
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
 * Marks what the handlers of a new connection send: they authenticate, select the
 * database and subscribe again.
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

/**
 * Returns the prototype of the exported class: the exports themselves in ioredis 2
 * to 4, `default` in later versions.
 */
export function exportedPrototype(exports: unknown): object {
  const { default: named } = exports as { readonly default?: { readonly prototype: object } };
  return (named ?? (exports as { readonly prototype: object })).prototype;
}
