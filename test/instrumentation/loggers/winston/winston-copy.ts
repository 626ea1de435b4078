import { createRequire } from "node:module";
import { join, sep } from "node:path";
import type * as Winston from "winston";
import type { LoadedFile, AdaptorDeps } from "../../../../src/instrumentation/loading/adaptor.ts";
import { adaptor } from "../../../../src/instrumentation/loggers/winston/adaptor.ts";
import { collectRecords } from "../../../logs/requests.ts";

export type { Winston };

const require = createRequire(import.meta.url);

/** Loads a separate copy of winston, like a second one in `node_modules`. */
export function loadFreshWinston(): typeof Winston {
  const folders = ["winston", "winston-transport", "logform"].map(
    (name) => join("node_modules", name) + sep,
  );
  for (const path of Object.keys(require.cache)) {
    if (folders.some((folder) => path.includes(folder))) delete require.cache[path];
  }
  return require("winston") as typeof Winston;
}

/** Loads and patches such a copy, and collects its records. */
export function createPatchedWinston(
  limits?: Parameters<typeof collectRecords>[0],
): PatchedWinston {
  const winston = loadFreshWinston();
  const { provider, records } = collectRecords(limits);
  patch(winston, provider);
  return { winston, records };
}

export interface PatchedWinston {
  readonly winston: typeof Winston;
  readonly records: ReturnType<typeof collectRecords>["records"];
}

type Provider = ReturnType<typeof collectRecords>["provider"];

/** Patches loggers, transports and formats. */
export function patch(winston: typeof Winston, loggerProvider: Provider): void {
  patchLoggers(winston, loggerProvider);
  for (const name of ["json", "timestamp"] as const) {
    const format = loadedFile("logform", "2.7.0", `${name}.js`);
    adaptor.patch(winston.format[name], format, depsWith(loggerProvider));
  }
}

export function patchLoggers(winston: typeof Winston, loggerProvider: Provider): void {
  const deps = depsWith(loggerProvider);
  const logger = loadedFile("winston", winston.version, "lib/winston/logger.js");
  adaptor.patch(winston.Logger, logger, deps);
  const transport = loadedFile("winston-transport", "4.9.0", "modern.js");
  adaptor.patch(require("winston-transport/modern"), transport, deps);
}

function loadedFile(name: string, version: string, file: string): LoadedFile {
  return { package: name, version, file, isMain: false, format: "commonjs", directory: "" };
}

/** Returns the only dependency that the adaptor needs. */
function depsWith(loggerProvider: Provider): AdaptorDeps {
  return { loggerProvider } as Partial<AdaptorDeps> as AdaptorDeps;
}

/** A line as a transport receives it. */
export type TransportLine = Readonly<Record<string | symbol, unknown>>;

type TransportClass = new (options: object) => Winston.transport;

/** Creates a transport with the given `log`. Winston's types don't declare the class. */
export function transportOf(
  winston: typeof Winston,
  options: Winston.transport.TransportStreamOptions & { readonly highWaterMark?: number },
  log: (info: TransportLine, next: () => void) => void,
): Winston.transport {
  const { Transport } = winston as unknown as { Transport: TransportClass };
  return new Transport({ ...options, log });
}

/** Creates a transport that collects its lines. */
export function recordingTransport(
  winston: typeof Winston,
  options: Winston.transport.TransportStreamOptions = {},
): { readonly transport: Winston.transport; readonly lines: TransportLine[] } {
  const lines: TransportLine[] = [];
  const transport = transportOf(winston, options, (info, next) => {
    lines.push({ ...info, message: info["message"] });
    next();
  });
  return { transport, lines };
}

export const LEVEL_SYMBOL: symbol = Symbol.for("level");
export const MESSAGE_SYMBOL: symbol = Symbol.for("message");
