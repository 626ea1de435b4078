import type { Duplex } from "node:stream";
import type { ResponseHead } from "./server-request.ts";

/**
 * A request that asks for another protocol has no response: whoever takes it
 * (`ws`, Engine.IO, a proxy) writes one onto the socket by hand. The first thing
 * that is written says what became of it, and there the request ends; what comes
 * over the connection afterwards, for hours perhaps, is no part of it.
 *
 * @param onResponse called once, when the answer is written; never if the
 *   connection is lost before, of which the entry hears otherwise
 */
export function onUpgradeResponse(
  socket: object,
  onResponse: (response: ResponseHead | undefined) => void,
): void {
  if (!isWritable(socket)) return;
  let isDone = false;
  const onWrite = (data: unknown): void => {
    if (isDone || !isData(data)) return;
    isDone = true;
    for (const restore of restores) restore();
    onResponse(parseResponseHead(data));
  };
  const restores = (["write", "end"] as const).map((name) => observeWrite(socket, name, onWrite));
}

/** What an app emits by hand may be anything. */
function isWritable(socket: object): socket is Duplex {
  const { write, end } = socket as Partial<Duplex>;
  return typeof write === "function" && typeof end === "function";
}

/** `end` may be given nothing, or a callback alone. */
function isData(data: unknown): data is string | Uint8Array {
  return typeof data === "string" || data instanceof Uint8Array;
}

type Write = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Tells `note` what the method is called with, after it was.
 *
 * @returns what makes the socket as it was, unless somebody has put another method over ours
 */
function observeWrite(
  socket: Duplex,
  name: "write" | "end",
  onWrite: (data: unknown) => void,
): () => void {
  const own = Object.getOwnPropertyDescriptor(socket, name);
  const original = socket[name] as Write;
  const replacement: Write = function (...args) {
    const result = Reflect.apply(original, this, args);
    onWrite(args[0]);
    return result;
  };
  Object.defineProperty(socket, name, {
    configurable: true,
    enumerable: own?.enumerable ?? false,
    writable: true,
    value: replacement,
  });
  return () => {
    if (Object.getOwnPropertyDescriptor(socket, name)?.value !== replacement) return;
    if (own === undefined) Reflect.deleteProperty(socket, name);
    else Object.defineProperty(socket, name, own);
  };
}

/** Undefined if this is no HTTP. */
function parseResponseHead(data: string | Uint8Array): ResponseHead | undefined {
  const start = typeof data === "string" ? data : Buffer.from(data).toString("latin1", 0, 12);
  const status = /^HTTP\/1\.\d (\d{3})/.exec(start)?.[1];
  return status === undefined ? undefined : { headersSent: true, statusCode: Number(status) };
}
