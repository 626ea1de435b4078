import { wallClock } from "../../../clock.ts";
import { withSignature } from "../../../context/signature.ts";
import { activeLogContext, hasIds } from "../../../logs/correlation.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";
import type { Levels } from "../../../logs/severity.ts";
import { activeBuffer } from "../../../logs/buffer/active-buffer.ts";
import { belowLevelLineOf, markBelowLevel } from "./below-level.ts";
import { copyWithIds, withTemporaryIds } from "./info-with-ids.ts";
import { linesInFlight, type WinstonLine } from "./lines-in-flight.ts";
import { withChangedLevel } from "./changed-level.ts";
import { wrapChild } from "./child-logger.ts";
import { errorOf, errorOfCopy, reportedErrorOf } from "./logged-error.ts";
import { PATCHED } from "./recipients.ts";
import { recordFormattedLine } from "./record-line.ts";
import { isObject, type WinstonLogger } from "./winston-info.ts";

/** The methods that are replaced on the prototype of winston's loggers; they inherit `write` and `push`. */
export interface WinstonPrototype {
  child?(this: WinstonLogger, ...args: unknown[]): object;
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
 *   A level that was set at run time applies meanwhile.
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
  const use: LineUse =
    enabledLogger === undefined ? "ids" : enabledLogger.capturesErrors ? "errors" : "records";
  const { write, push, _transform, child } = prototype;
  defineMethod(prototype, "write", wrapWrite(write, use));
  defineMethod(prototype, "_transform", withChangedLevel(wrapTransform(_transform, use)));
  if (enabledLogger !== undefined || activeBuffer.current !== undefined) {
    defineMethod(prototype, "push", wrapPush(push, enabledLogger));
  }
  if (use === "errors" && child !== undefined) defineMethod(prototype, "child", wrapChild(child));
  Object.defineProperty(prototype, PATCHED, { value: true });
}

/** What lines are used for: only to get ids, also for records, also to capture errors. */
type LineUse = "ids" | "records" | "errors";

function defineMethod<Name extends keyof WinstonPrototype>(
  prototype: WinstonPrototype,
  name: Name,
  value: NonNullable<WinstonPrototype[Name]>,
): void {
  withSignature(value, prototype[name] as object);
  Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
}

function wrapWrite(original: WinstonPrototype["write"], use: LineUse): WinstonPrototype["write"] {
  return function write(chunk, encoding, callback) {
    const outer = linesInFlight.pendingWrite;
    linesInFlight.pendingWrite = chunk;
    try {
      const hasCapacity = original.call(this, chunk, encoding, callback);
      if (linesInFlight.pendingWrite === chunk && isObject(chunk))
        linesInFlight.buffer(chunk, createLine(chunk, use));
      return hasCapacity;
    } finally {
      linesInFlight.pendingWrite = outer;
    }
  };
}

function wrapTransform(
  original: WinstonPrototype["_transform"],
  use: LineUse,
): WinstonPrototype["_transform"] {
  return function _transform(info, encoding, callback) {
    const line = isObject(info) ? takeLine(info, use) : undefined;
    if (line === undefined || this.silent === true) {
      return original.call(this, info, encoding, callback);
    }
    const outer = linesInFlight.currentLine;
    linesInFlight.currentLine = line;
    line.belowLevel = belowLevelLineOf(this, info as object, line);
    try {
      const copy = hasIds(line) ? copyWithIds(info as object, line) : undefined;
      if (copy !== undefined) {
        line.hasIds = true;
        if (use !== "ids") line.error = errorOfCopy(copy);
        if (use === "errors") setReportedError(line, copy, this.levels);
        return original.call(this, copy, encoding, callback);
      }
      if (use !== "ids") line.error = errorOf(info as object);
      if (use === "errors") setReportedError(line, info as object, this.levels);
      if (!hasIds(line)) return original.call(this, info, encoding, callback);
      return withTemporaryIds(info as object, line, () =>
        original.call(this, info, encoding, callback),
      );
    } finally {
      linesInFlight.currentLine = outer;
      line.belowLevel?.complete();
    }
  };
}

function wrapPush(
  original: WinstonPrototype["push"],
  otelLogger: TelltaleLogger | undefined,
): WinstonPrototype["push"] {
  return function push(chunk, encoding) {
    const line = linesInFlight.currentLine;
    if (line !== undefined && isObject(chunk)) {
      linesInFlight.currentLine = undefined;
      if (line.belowLevel !== undefined) markBelowLevel(chunk, line.belowLevel);
      if (otelLogger !== undefined) recordFormattedLine(otelLogger, this, chunk, line);
    }
    return original.call(this, chunk, encoding);
  };
}

/** Takes the line of an `info` that winston is about to transform: just written, or buffered since. */
function takeLine(info: object, use: LineUse): WinstonLine | undefined {
  if (info === linesInFlight.pendingWrite) {
    linesInFlight.pendingWrite = undefined;
    return createLine(info, use);
  }
  return linesInFlight.takeBuffered(info);
}

/** Creates a line with the ids of the active context. Never throws. */
function createLine(info: object, use: LineUse): WinstonLine {
  const { context, spanContext, unit } = activeLogContext();
  const isRecording = use !== "ids";
  return {
    context,
    spanContext,
    unit,
    timestamp: isRecording ? wallClock() : 0,
    error: undefined,
    reported: undefined,
    childError: use === "errors" ? linesInFlight.takeChildError() : undefined,
    belowLevel: undefined,
    hasIds: false,
    isRecorded: !isRecording || linesInFlight.isForwarded(info),
  };
}

function setReportedError(line: WinstonLine, info: object, levels: Levels): void {
  line.reported = reportedErrorOf(info, line.error ?? line.childError, levels);
}
