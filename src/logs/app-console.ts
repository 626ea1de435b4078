import { isMainThread } from "node:worker_threads";
import { loadChunk } from "../chunks.ts";
import type { ConsoleLines } from "../config/config.ts";
import { activeHolder, activeSpan } from "../context/manager.ts";
import type { ConsoleMethod } from "./console-line.ts";
import type { TelltaleLogger } from "./logger.ts";

/** The methods by which lines come; the others (`table`, `trace`, `assert`, `count`) call one of these. */
const METHODS: readonly ConsoleMethod[] = ["log", "info", "warn", "error", "debug", "dir"];

/**
 * From now on what the app says on the global `console` goes out as records too.
 * What it writes stays as it is.
 *
 * @param records nothing is touched if they go nowhere
 * @param lines outside of any work they are mostly no log: the output of a
 *   command that happens to be preloaded, and what it prints may be anything
 */
export function watchConsole(records: TelltaleLogger, lines: ConsoleLines): void {
  if (!records.enabled() || isTransportThread()) return;
  const isWanted = lines === "all" ? () => true : isActive;
  for (const method of METHODS) watchMethod(method, records, isWanted);
}

function isActive(): boolean {
  return activeSpan() !== undefined || activeHolder() !== undefined;
}

/** Lines of pino's that its transport in this thread prints were recorded in their own. */
function isTransportThread(): boolean {
  return !isMainThread && /[\\/]thread-stream[\\/]lib[\\/]worker\.js$/.test(process.argv[1] ?? "");
}

/** A method of the console calls another to write: one line all the same. */
let isWriting = false;

function watchMethod(
  method: ConsoleMethod,
  records: TelltaleLogger,
  isWanted: () => boolean,
): void {
  const descriptor = Object.getOwnPropertyDescriptor(console, method);
  const original: unknown = descriptor?.value;
  if (typeof original !== "function" || descriptor?.writable !== true) return;
  const { [method]: value } = {
    [method](this: unknown, ...args: unknown[]): unknown {
      if (isWriting || !isWanted()) return Reflect.apply(original, this, args);
      isWriting = true;
      try {
        loadChunk("logs-console-line").recordLine(records, method, args);
        return Reflect.apply(original, this, args);
      } finally {
        isWriting = false;
      }
    },
  };
  Object.defineProperty(console, method, { ...descriptor, value });
}
