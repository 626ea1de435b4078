import { isMainThread } from "node:worker_threads";
import { lazy } from "../../../lazy.ts";
import type { ConsoleLines } from "../../../config/config.ts";
import { activeSpan } from "../../../context/manager.ts";
import { activeLogIds } from "../../../context/unit-access.ts";
import type { ConsoleMethod } from "./console-record.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";

const loadConsoleLine = lazy<typeof import("./console-record.ts")>(
  "instrumentation/loggers/console/console-record.ts",
);

/** The methods by which lines come; the others (`table`, `trace`, `assert`, `count`) call one of these. */
const PATCHED_METHODS: readonly ConsoleMethod[] = ["log", "info", "warn", "error", "debug", "dir"];

/**
 * From now on what the app says on the global `console` goes out as records too.
 * What it writes stays as it is.
 *
 * @param logger nothing is touched if they go nowhere
 * @param lines outside of any work they are mostly no log: the output of a
 *   command that happens to be preloaded, and what it prints may be anything
 */
export function patchConsole(logger: TelltaleLogger, lines: ConsoleLines): void {
  if (!logger.enabled() || isPinoTransportThread()) return;
  const isRecorded = lines === "all" ? () => true : isContextActive;
  if (!patchWriteToConsole(logger)) return;
  for (const method of PATCHED_METHODS) patchMethod(method, isRecorded);
}

function isContextActive(): boolean {
  return activeSpan() !== undefined || activeLogIds() !== undefined;
}

/** Lines of pino's that its transport in this thread prints were recorded in their own. */
function isPinoTransportThread(): boolean {
  return !isMainThread && /[\\/]thread-stream[\\/]lib[\\/]worker\.js$/.test(process.argv[1] ?? "");
}

/** What the app said, until the console has a text of it. */
interface ConsoleCall {
  readonly method: ConsoleMethod;
  readonly args: readonly unknown[];
}

let currentCall: ConsoleCall | undefined;
/** What is said by way of the console's stream is the same line. */
let isWriting = false;

function patchMethod(method: ConsoleMethod, isRecorded: () => boolean): void {
  const descriptor = Object.getOwnPropertyDescriptor(console, method);
  const original: unknown = descriptor?.value;
  if (typeof original !== "function" || descriptor?.writable !== true) return;
  const { [method]: value } = {
    [method](this: unknown, ...args: unknown[]): unknown {
      if (isWriting || !isRecorded()) return Reflect.apply(original, this, args);
      // An argument may say something itself while it is formatted.
      const outerCall = currentCall;
      currentCall = { method, args };
      try {
        return Reflect.apply(original, this, args);
      } finally {
        currentCall = outerCall;
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
function patchWriteToConsole(logger: TelltaleLogger): boolean {
  const symbols = Object.getOwnPropertySymbols(console);
  const symbol = symbols.find(({ description }) => description === "kWriteToConsole");
  const descriptor = symbol && Object.getOwnPropertyDescriptor(console, symbol);
  const original: unknown = descriptor?.value;
  if (symbol === undefined || typeof original !== "function") return false;
  const value: WriteText = (stream, text, ...more) => {
    const call = currentCall;
    currentCall = undefined;
    if (call !== undefined) {
      loadConsoleLine().recordConsoleCall(logger, call.method, call.args, text);
    }
    const wasWriting = isWriting;
    isWriting = true;
    try {
      return Reflect.apply(original, console, [stream, text, ...more]);
    } finally {
      isWriting = wasWriting;
    }
  };
  Object.defineProperty(console, symbol, { ...descriptor, value });
  return true;
}
