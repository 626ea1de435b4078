import { types } from "node:util";
import { wallClock } from "../../../clock.ts";
import { activeLogContext } from "../../../logs/correlation.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";
import { loggerOutput } from "../../../logs/logger-output.ts";
import type { BelowLevelCalls } from "./below-level.ts";
import { ChangedLevels } from "./changed-level.ts";
import { IdSerializer } from "./id-serializer.ts";
import type { PinoHooks, PinoLogger, PinoSymbols } from "./pino-logger.ts";
import { type PinoLine, PinoRecorder } from "./pino-recorder.ts";
import { wrapHooks } from "./stream-write-hook.ts";

type AsJson = (
  this: PinoLogger,
  fields: object,
  message: unknown,
  level: number,
  time: string,
) => string;

const PATCHED: unique symbol = Symbol.for("telltale.pino");

/**
 * Patches the prototype of all pino loggers. Each line of every logger and child
 * passes through `asJson` exactly once, with any streams and transports. The ids
 * are appended to the text of the time, which comes first in the line: no option
 * of the app's is used for them, and nothing is serialised twice. A hook
 * `streamWrite` may replace the text afterwards, and then the record is built from
 * its result.
 *
 * @param logger creates the records; if undefined or not enabled, lines only get ids.
 * @param belowLevel handles lines below the level of loggers; undefined if there are none.
 */
export function patchLogger(
  prototype: Record<symbol, unknown>,
  symbols: PinoSymbols,
  logger: TelltaleLogger | undefined,
  belowLevel: BelowLevelCalls | undefined,
): void {
  if (PATCHED in prototype) return;
  const recorder = logger?.enabled() === true ? new PinoRecorder(logger, symbols) : undefined;
  const hasHooks = callsStreamWrite(prototype[symbols.writeSym]);
  const hooksSym = hasHooks ? symbols.hooksSym : undefined;
  const asJson = prototype[symbols.asJsonSym] as AsJson;
  prototype[symbols.asJsonSym] = wrapAsJson(asJson, symbols, hooksSym, recorder, belowLevel);
  belowLevel?.install(prototype);
  ChangedLevels.install(prototype, symbols);
  if (recorder !== undefined && hasHooks) wrapHooks(prototype, symbols, recorder);
  Object.defineProperty(prototype, PATCHED, { value: true });
}

/**
 * Whether pino calls the hook `streamWrite`. Versions 7 and 8 ignore it, and a line that
 * waits for it would never be recorded. If others have patched `write`, it may call it.
 */
function callsStreamWrite(write: unknown): boolean {
  const source = typeof write === "function" ? Function.prototype.toString.call(write) : "";
  return source.includes("streamWrite") || !source.includes("asJsonSym");
}

/** @param hooksSym undefined if pino has no hook `streamWrite` */
function wrapAsJson(
  original: AsJson,
  symbols: PinoSymbols,
  hooksSym: symbol | undefined,
  recorder: PinoRecorder | undefined,
  belowLevel: BelowLevelCalls | undefined,
): AsJson {
  const ids = new IdSerializer(symbols);
  if (recorder === undefined) return wrapUnrecorded(original, ids, belowLevel);
  return function asJson(fields, message, level, time) {
    const logContext = activeLogContext();
    const idText = ids.serialize(this, fields, logContext);
    const timeText = idText === "" ? time : time + idText;
    const buffered = belowLevel?.takeCall(this, level, logContext);
    const isHooked = callsHook(this, hooksSym);
    // Getters run once, as without telltale: the copy has their results.
    const isCopy = recorder.exports && isPlainObject(fields) && !hasFormatter(this, symbols);
    const fieldsCopy = isCopy ? { ...fields } : fields;
    const canBeSimple = isCopy && !isHooked && ids.areUnredacted(this, logContext);
    const simpleMessage = canBeSimple
      ? recorder.simpleMessageOf(this, fieldsCopy, message, level, time)
      : undefined;
    const text = original.call(this, fieldsCopy, message, level, timeText);
    const timestamp = wallClock();
    loggerOutput.recordLineTime(timestamp);
    const line: PinoLine = {
      fields: fieldsCopy,
      isCopy,
      simpleMessage,
      level,
      text,
      isHooked,
      logContext,
      timestamp,
      buffered,
    };
    recorder.add(this, line);
    return text;
  };
}

/** Wraps `asJson` where lines have no records. */
function wrapUnrecorded(
  original: AsJson,
  ids: IdSerializer,
  belowLevel: BelowLevelCalls | undefined,
): AsJson {
  return function asJson(fields, message, level, time) {
    const logContext = activeLogContext();
    const buffered = belowLevel?.takeCall(this, level, logContext);
    const timeText = time + ids.serialize(this, fields, logContext);
    const text = original.call(this, fields, message, level, timeText);
    buffered?.install();
    return text;
  };
}

function callsHook(logger: PinoLogger, hooksSym: symbol | undefined): boolean {
  if (hooksSym === undefined) return false;
  return (logger[hooksSym] as PinoHooks | undefined)?.streamWrite !== undefined;
}

function isPlainObject(fields: object): boolean {
  return !types.isProxy(fields) && Object.getPrototypeOf(fields) === Object.prototype;
}

/** Whether the app has a formatter, which must receive the original object. */
function hasFormatter(logger: PinoLogger, { formattersSym }: PinoSymbols): boolean {
  return (logger[formattersSym] as { readonly log?: unknown } | undefined)?.log !== undefined;
}
