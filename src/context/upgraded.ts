import type { Context } from "./context.ts";

/** The contexts of the requests that sockets were upgraded by, while the sockets are there. */
const contexts = new WeakMap<object, Context>();

/** For the entry: what comes over `socket` from now on belongs to this request. */
export function rememberUpgrade(socket: object, context: Context): void {
  contexts.set(socket, context);
}

/** The context of the request that `socket` was upgraded by; its holder lasts as long as the connection. */
export function upgradeContextOf(socket: object): Context | undefined {
  return contexts.get(socket);
}
