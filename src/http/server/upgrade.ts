import type { Duplex } from "node:stream";
import type { ResponseHead } from "./server-request.ts";

/**
 * Watches for the response to an upgrade. Node creates no response for it: the
 * handler (`ws`, Engine.IO, a proxy) writes one to the socket. The request ends with
 * the first write, which has the status; the data of the connection afterwards,
 * perhaps for hours, is no part of the request.
 *
 * @param onResponse called once, when the response is written; never if the connection is
 *   closed before, which is reported otherwise
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

/** Whether it can be observed: an app may emit any object. */
function isWritable(socket: object): socket is Duplex {
  const { write, end } = socket as Partial<Duplex>;
  return typeof write === "function" && typeof end === "function";
}

/** Whether data is written: `end` may be called without any, or with a callback alone. */
function isData(data: unknown): data is string | Uint8Array {
  return typeof data === "string" || data instanceof Uint8Array;
}

type Write = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Calls `onWrite` after each call of a method of the socket.
 *
 * @returns a function that restores the method, unless it was patched again by others
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

/** Returns undefined if this is not HTTP. */
function parseResponseHead(data: string | Uint8Array): ResponseHead | undefined {
  const start = typeof data === "string" ? data : Buffer.from(data).toString("latin1", 0, 12);
  const status = /^HTTP\/1\.\d (\d{3})/.exec(start)?.[1];
  return status === undefined ? undefined : { headersSent: true, statusCode: Number(status) };
}
