import { wallClock } from "../../../clock.ts";
import { withSignature } from "../../../context/signature.ts";
import { activeLogContext, hasIds } from "../../../logs/correlation.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";
import { copyWithIds, withTemporaryIds } from "./info-with-ids.ts";
import { linesInFlight, type WinstonLine } from "./lines-in-flight.ts";
import { errorOf, errorOfCopy } from "./logged-error.ts";
import { PATCHED, type WinstonLogger } from "./recipients.ts";
import { recordFormattedLine } from "./record-line.ts";
import { isObject } from "./winston-info.ts";

/** The methods that are replaced on the prototype of winston's loggers; they inherit all but `_transform`. */
export interface WinstonPrototype {
  write(this: WinstonLogger, chunk: unknown, encoding?: unknown, callback?: unknown): boolean;
  push(this: WinstonLogger, chunk: unknown, encoding?: unknown): boolean;
  _transform(this: WinstonLogger, info: unknown, encoding: unknown, callback: unknown): void;
}

/**
 * Patches the class of all winston loggers: the default one, those of
 * `createLogger` and of containers, and children (which write to their parent),
 * existing ones too. A second call for the same prototype does nothing.
 *
 * - `write` runs in the context of the app's call. It captures that context for a
 *   line that is buffered because a transport is busy.
 * - `_transform` runs the app's format on a line with the ids. The app's own
 *   object stays unchanged.
 * - `push` receives the result of the format. The log record is built from that
 *   result, or from that of a transport's own format: a field that a format
 *   removes is not in the record either.
 *
 * @param otelLogger creates the records; if undefined or not enabled, lines only get ids.
 */
export function patchLogger(
  prototype: WinstonPrototype,
  otelLogger: TelltaleLogger | undefined,
): void {
  if (PATCHED in prototype) return;
  const enabledLogger = otelLogger?.enabled() === true ? otelLogger : undefined;
  const { write, push, _transform } = prototype;
  defineMethod(prototype, "write", wrapWrite(write, enabledLogger !== undefined));
  defineMethod(prototype, "_transform", wrapTransform(_transform, enabledLogger !== undefined));
  if (enabledLogger !== undefined) defineMethod(prototype, "push", wrapPush(push, enabledLogger));
  Object.defineProperty(prototype, PATCHED, { value: true });
}

function defineMethod<Name extends keyof WinstonPrototype>(
  prototype: WinstonPrototype,
  name: Name,
  value: WinstonPrototype[Name],
): void {
  withSignature(value, prototype[name]);
  Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
}

function wrapWrite(
  original: WinstonPrototype["write"],
  isRecording: boolean,
): WinstonPrototype["write"] {
  return function write(chunk, encoding, callback) {
    const outer = linesInFlight.pendingWrite;
    linesInFlight.pendingWrite = chunk;
    try {
      const hasCapacity = original.call(this, chunk, encoding, callback);
      if (linesInFlight.pendingWrite === chunk && isObject(chunk))
        linesInFlight.buffer(chunk, createLine(chunk, isRecording));
      return hasCapacity;
    } finally {
      linesInFlight.pendingWrite = outer;
    }
  };
}

function wrapTransform(
  original: WinstonPrototype["_transform"],
  isRecording: boolean,
): WinstonPrototype["_transform"] {
  return function _transform(info, encoding, callback) {
    const line = isObject(info) ? takeLine(info, isRecording) : undefined;
    if (line === undefined || this.silent === true) {
      return original.call(this, info, encoding, callback);
    }
    const outer = linesInFlight.currentLine;
    linesInFlight.currentLine = line;
    try {
      const copy = hasIds(line) ? copyWithIds(info as object, line) : undefined;
      if (copy !== undefined) {
        line.hasIds = true;
        if (isRecording) line.error = errorOfCopy(copy);
        return original.call(this, copy, encoding, callback);
      }
      if (isRecording) line.error = errorOf(info as object);
      if (!hasIds(line)) return original.call(this, info, encoding, callback);
      return withTemporaryIds(info as object, line, () =>
        original.call(this, info, encoding, callback),
      );
    } finally {
      linesInFlight.currentLine = outer;
    }
  };
}

function wrapPush(
  original: WinstonPrototype["push"],
  otelLogger: TelltaleLogger,
): WinstonPrototype["push"] {
  return function push(chunk, encoding) {
    const line = linesInFlight.currentLine;
    if (line !== undefined && isObject(chunk)) {
      linesInFlight.currentLine = undefined;
      recordFormattedLine(otelLogger, this, chunk, line);
    }
    return original.call(this, chunk, encoding);
  };
}

/** Takes the line of an `info` that winston is about to transform: just written, or buffered since. */
function takeLine(info: object, isRecording: boolean): WinstonLine | undefined {
  if (info === linesInFlight.pendingWrite) {
    linesInFlight.pendingWrite = undefined;
    return createLine(info, isRecording);
  }
  return linesInFlight.takeBuffered(info);
}

/** Creates a line with the ids of the active context. Never throws. */
function createLine(info: object, isRecording: boolean): WinstonLine {
  const { spanContext, unit } = activeLogContext();
  const timestamp = isRecording ? wallClock() : 0;
  const isRecorded = !isRecording || linesInFlight.isForwarded(info);
  return { spanContext, unit, timestamp, error: undefined, hasIds: false, isRecorded };
}
