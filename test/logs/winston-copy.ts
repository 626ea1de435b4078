import { createRequire } from "node:module";
import { join, sep } from "node:path";
import type * as Winston from "winston";
import { adaptor } from "../../src/logs/winston.ts";
import { collect } from "./requests.ts";

export type { Winston };

const require = createRequire(import.meta.url);

/** A copy of winston of its own, as a second one in the tree would be. */
export function freshWinston(): typeof Winston {
  const folder = join("node_modules", "winston") + sep;
  for (const path of Object.keys(require.cache)) {
    if (path.includes(folder)) delete require.cache[path];
  }
  return require("winston") as typeof Winston;
}

/** Such a copy, joined to us, and the records that come of it. */
export function patchedWinston(limits?: Parameters<typeof collect>[0]): Patched {
  const winston = freshWinston();
  const { provider, records } = collect(limits);
  patch(winston, provider);
  return { winston, records };
}

export interface Patched {
  readonly winston: typeof Winston;
  readonly records: ReturnType<typeof collect>["records"];
}

export function patch(
  winston: typeof Winston,
  loggerProvider: ReturnType<typeof collect>["provider"],
): void {
  adaptor.patch(
    winston.Logger,
    { package: "winston", version: winston.version },
    { loggerProvider },
  );
}

/** A line as a transport gets it. */
export type Line = Readonly<Record<string | symbol, unknown>>;

type TransportClass = new (options: object) => Winston.transport;

/** A transport that does with a line what it is told; winston's types forget the class. */
export function transportOf(
  winston: typeof Winston,
  options: Winston.transport.TransportStreamOptions & { readonly highWaterMark?: number },
  log: (info: Line, next: () => void) => void,
): Winston.transport {
  const { Transport } = winston as unknown as { Transport: TransportClass };
  return new Transport({ ...options, log });
}

/** A transport that keeps what it gets. */
export function keeper(
  winston: typeof Winston,
  options: Winston.transport.TransportStreamOptions = {},
): { readonly transport: Winston.transport; readonly lines: Line[] } {
  const lines: Line[] = [];
  const transport = transportOf(winston, options, (info, next) => {
    lines.push({ ...info, message: info["message"] });
    next();
  });
  return { transport, lines };
}

export const LEVEL: symbol = Symbol.for("level");
export const MESSAGE: symbol = Symbol.for("message");
