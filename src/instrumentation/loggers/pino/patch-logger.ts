import { types } from "node:util";
import { wallClock } from "../../../clock.ts";
import { activeLogContext } from "../../../logs/correlation.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";
import { loggerOutput } from "../../../logs/logger-output.ts";
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
 */
export function patchLogger(
  prototype: Record<symbol, unknown>,
  symbols: PinoSymbols,
  logger: TelltaleLogger | undefined,
): void {
  if (PATCHED in prototype) return;
  const recorder = logger?.enabled() === true ? new PinoRecorder(logger, symbols) : undefined;
  const hasHooks = callsStreamWrite(prototype[symbols.writeSym]);
  const hooksSym = hasHooks ? symbols.hooksSym : undefined;
  const asJson = prototype[symbols.asJsonSym] as AsJson;
  prototype[symbols.asJsonSym] = wrapAsJson(asJson, symbols, hooksSym, recorder);
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
): AsJson {
  const ids = new IdSerializer(symbols);
  return function asJson(fields, message, level, time) {
    const logContext = activeLogContext();
    const idText = ids.serialize(this, fields, logContext);
    const timeText = idText === "" ? time : time + idText;
    if (recorder === undefined) return original.call(this, fields, message, level, timeText);
    const isHooked =
      hooksSym !== undefined &&
      (this[hooksSym] as PinoHooks | undefined)?.streamWrite !== undefined;
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
    };
    if (isHooked) recorder.deferToHook(this, line);
    else recorder.record(this, line);
    return text;
  };
}

function isPlainObject(fields: object): boolean {
  return !types.isProxy(fields) && Object.getPrototypeOf(fields) === Object.prototype;
}

/** Whether the app has a formatter, which must receive the original object. */
function hasFormatter(logger: PinoLogger, { formattersSym }: PinoSymbols): boolean {
  return (logger[formattersSym] as { readonly log?: unknown } | undefined)?.log !== undefined;
}
