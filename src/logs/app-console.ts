import { isMainThread } from "node:worker_threads";
import { lazy } from "../lazy.ts";
import type { ConsoleLines } from "../config/config.ts";
import { activeHolder, activeSpan } from "../context/manager.ts";
import type { ConsoleMethod } from "./console-line.ts";
import type { TelltaleLogger } from "./logger.ts";

const loadConsoleLine = lazy<typeof import("./console-line.ts")>("logs/console-line.ts");

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
  if (!watchTexts(records)) return;
  for (const method of METHODS) watchMethod(method, isWanted);
}

function isActive(): boolean {
  return activeSpan() !== undefined || activeHolder() !== undefined;
}

/** Lines of pino's that its transport in this thread prints were recorded in their own. */
function isTransportThread(): boolean {
  return !isMainThread && /[\\/]thread-stream[\\/]lib[\\/]worker\.js$/.test(process.argv[1] ?? "");
}

/** What the app said, until the console has a text of it. */
interface Said {
  readonly method: ConsoleMethod;
  readonly args: readonly unknown[];
}

let said: Said | undefined;
/** What is said by way of the console's stream is the same line. */
let isWriting = false;

function watchMethod(method: ConsoleMethod, isWanted: () => boolean): void {
  const descriptor = Object.getOwnPropertyDescriptor(console, method);
  const original: unknown = descriptor?.value;
  if (typeof original !== "function" || descriptor?.writable !== true) return;
  const { [method]: value } = {
    [method](this: unknown, ...args: unknown[]): unknown {
      if (isWriting || !isWanted()) return Reflect.apply(original, this, args);
      // An argument may say something itself while it is formatted.
      const outer = said;
      said = { method, args };
      try {
        return Reflect.apply(original, this, args);
      } finally {
        said = outer;
      }
    },
  };
  Object.defineProperty(console, method, { ...descriptor, value });
}

type WriteText = (stream: symbol, text: string, ...more: readonly unknown[]) => unknown;

/**
 * All methods hand their text to one of the console's own, under a symbol
 * (https://github.com/nodejs/node/blob/main/lib/internal/console/constructor.js).
 * Seen there, nothing is formatted twice: `toString` and `inspect` of what the app
 * prints may do things. False where there is no such method.
 */
function watchTexts(records: TelltaleLogger): boolean {
  const symbols = Object.getOwnPropertySymbols(console);
  const symbol = symbols.find(({ description }) => description === "kWriteToConsole");
  const descriptor = symbol && Object.getOwnPropertyDescriptor(console, symbol);
  const original: unknown = descriptor?.value;
  if (symbol === undefined || typeof original !== "function") return false;
  const value: WriteText = (stream, text, ...more) => {
    const line = said;
    said = undefined;
    if (line !== undefined) {
      loadConsoleLine().recordLine(records, line.method, line.args, text);
    }
    const outer = isWriting;
    isWriting = true;
    try {
      return Reflect.apply(original, console, [stream, text, ...more]);
    } finally {
      isWriting = outer;
    }
  };
  Object.defineProperty(console, symbol, { ...descriptor, value });
  return true;
}
