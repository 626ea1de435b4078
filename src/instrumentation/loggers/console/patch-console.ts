import { isMainThread } from "node:worker_threads";
import type { ConsoleLines } from "../../../config/config.ts";
import { activeSpan } from "../../../context/manager.ts";
import { hasActiveUnit } from "../../../context/unit-access.ts";
import { lazy } from "../../../lazy.ts";
import { tryRead } from "../../../try-read.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";
import type { ConsoleCall, ConsoleMethod } from "./console-record.ts";

const loadConsoleRecord = lazy<typeof import("./console-record.ts")>(
  "instrumentation/loggers/console/console-record.ts",
);

/** The methods that write lines. The others (`table`, `trace`, `assert`, `count`) call one of these. */
const PATCHED_METHODS: readonly ConsoleMethod[] = ["log", "info", "warn", "error", "debug", "dir"];

/**
 * Patches the global `console`: from now on its lines are recorded too. The output
 * stays unchanged.
 *
 * @param logger creates the records; if it is not enabled, nothing is patched.
 * @param lines which lines are exported. Outside of any unit of work they are
 *   mostly not a log, but the output of a command that happens to be preloaded: these
 *   are only for Sentry.
 */
export function patchConsole(logger: TelltaleLogger, lines: ConsoleLines): void {
  if (!logger.enabled() || isPinoTransportThread()) return;
  const isRecorded = lines === "all" ? () => true : isContextActive;
  const state: ConsoleState = { currentCall: undefined, isWriting: false };
  if (!patchWriteToConsole(logger, state)) return;
  for (const method of PATCHED_METHODS) {
    const isObserved = logger.addsBreadcrumbs || (method === "error" && logger.capturesErrors);
    patchMethod(method, { isRecorded, isObserved }, state);
  }
}

function isContextActive(): boolean {
  return activeSpan() !== undefined || hasActiveUnit();
}

/** Whether this thread runs a transport of pino. Lines that it prints were recorded in the app's thread. */
function isPinoTransportThread(): boolean {
  return !isMainThread && /[\\/]thread-stream[\\/]lib[\\/]worker\.js$/.test(process.argv[1] ?? "");
}

/** What the patched methods of the console share. */
interface ConsoleState {
  /** The innermost call whose text the console has not formatted yet. */
  currentCall: ConsoleCall | undefined;
  /** Whether the console is writing. Calls that its stream makes meanwhile write the same line. */
  isWriting: boolean;
}

interface MethodUse {
  /** Returns whether lines are exported. */
  readonly isRecorded: () => boolean;
  /** Whether lines that are not exported are for Sentry. */
  readonly isObserved: boolean;
}

function patchMethod(
  method: ConsoleMethod,
  { isRecorded, isObserved }: MethodUse,
  state: ConsoleState,
): void {
  const descriptor = Object.getOwnPropertyDescriptor(console, method);
  const original: unknown = descriptor?.value;
  if (typeof original !== "function" || descriptor?.writable !== true) return;
  const { [method]: value } = {
    [method](this: unknown, ...args: unknown[]): unknown {
      if (state.isWriting) return Reflect.apply(original, this, args);
      const call = { method, args, isRecorded: isRecorded() };
      if (!call.isRecorded && !isObserved) return Reflect.apply(original, this, args);
      // Formatting an argument may call the console itself.
      const outerCall = state.currentCall;
      state.currentCall = call;
      try {
        return Reflect.apply(original, this, args);
      } finally {
        state.currentCall = outerCall;
      }
    },
  };
  Object.defineProperty(console, method, { ...descriptor, value });
}

type WriteText = (stream: symbol, text: string, ...more: readonly unknown[]) => unknown;

/**
 * Patches the internal method to which all others pass their text, under a symbol
 * (https://github.com/nodejs/node/blob/main/lib/internal/console/constructor.js).
 * Observed there, nothing is formatted twice: `toString` and `inspect` of the app's
 * objects may have side effects. Returns false if there is no such method.
 */
function patchWriteToConsole(logger: TelltaleLogger, state: ConsoleState): boolean {
  const symbols = Object.getOwnPropertySymbols(console);
  const symbol = symbols.find(({ description }) => description === "kWriteToConsole");
  const descriptor = symbol && Object.getOwnPropertyDescriptor(console, symbol);
  const original: unknown = descriptor?.value;
  if (symbol === undefined || typeof original !== "function") return false;
  const value: WriteText = (stream, text, ...more) => {
    const call = state.currentCall;
    state.currentCall = undefined;
    if (call !== undefined)
      tryRead(() => loadConsoleRecord().recordConsoleCall(logger, call, text));
    const wasWriting = state.isWriting;
    state.isWriting = true;
    try {
      return Reflect.apply(original, console, [stream, text, ...more]);
    } finally {
      state.isWriting = wasWriting;
    }
  };
  Object.defineProperty(console, symbol, { ...descriptor, value });
  return true;
}
