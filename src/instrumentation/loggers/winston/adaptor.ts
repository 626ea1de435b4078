import type { Adaptor } from "../../loading/adaptor.ts";
import { wallClock } from "../../../clock.ts";
import {
  activeLogContext,
  hasIds,
  type CorrelationFields,
  type LogContext,
  injectIds,
} from "../../../logs/correlation.ts";
import { TelltaleLogger } from "../../../logs/logger.ts";
import {
  errorOf,
  errorOfCopy,
  isAlreadyRecorded,
  PATCHED,
  recordFormattedLine,
  type WinstonLogger,
} from "./record-line.ts";
import { patchJson, patchTimestamp } from "./json-format.ts";
import type { WinstonLine } from "./formatted-info.ts";
import { patchTransports } from "./transports.ts";
import { withSignature } from "../../../context/signature.ts";

/**
 * Joins winston 3 to us: `lib/winston/logger.js`, whose export is the class of
 * all loggers, and `winston-transport`, from which all transports inherit.
 */
export const adaptor: Adaptor = {
  patch(exports, file, services) {
    if (file.package === "winston-transport") {
      patchTransports(exports);
      return exports;
    }
    if (file.package === "logform") {
      if (file.file === "json.js") patchJson(exports, () => currentLine);
      else patchTimestamp(exports);
      return exports;
    }
    const prototype = prototypeOf(exports);
    const logger = services.loggerProvider.getLogger("winston", file.version);
    patchLogger(prototype, logger instanceof TelltaleLogger ? logger : undefined);
    return exports;
  },
};

/** What is replaced on the prototype of winston's loggers; only the last is not inherited. */
export interface WinstonPrototype {
  write(this: WinstonLogger, chunk: unknown, encoding?: unknown, callback?: unknown): boolean;
  push(this: WinstonLogger, chunk: unknown, encoding?: unknown): boolean;
  _transform(this: WinstonLogger, info: unknown, encoding: unknown, callback: unknown): void;
}

/**
 * Patches the class behind all of winston's loggers: the default one,
 * `createLogger`, containers and children (which write to their parent), those
 * that exist and those to come. A second call for the same prototype does nothing.
 *
 * - `write` runs in the context of the app's call. For a line that has to wait,
 *   because a transport is busy, it keeps that context.
 * - `_transform` runs the app's format. It gets the line with the ids on it; the
 *   app's own object stays as it was.
 * - `push` gets what the format made of the line. From that comes the log record,
 *   or from what a transport's own format makes of it then: what a format takes
 *   out is out of the record too.
 *
 * @param otelLogger makes the records; undefined or not enabled: ids only.
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

/** What the innermost `write` was given, until `_transform` has it. */
let pendingWrite: unknown;
/** The line whose format runs, until it is pushed. */
let currentLine: WinstonLine | undefined;
/** Lines that a stream has buffered, by the object that was written; more than one if it was written again. */
const bufferedLines = new WeakMap<object, WinstonLine[]>();

function wrapWrite(
  original: WinstonPrototype["write"],
  isRecording: boolean,
): WinstonPrototype["write"] {
  return function write(chunk, encoding, callback) {
    const outer = pendingWrite;
    pendingWrite = chunk;
    try {
      const more = original.call(this, chunk, encoding, callback);
      if (pendingWrite === chunk && isObject(chunk))
        bufferLine(chunk, createLine(chunk, isRecording));
      return more;
    } finally {
      pendingWrite = outer;
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
    const outer = currentLine;
    currentLine = line;
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
      currentLine = outer;
    }
  };
}

function wrapPush(
  original: WinstonPrototype["push"],
  otelLogger: TelltaleLogger,
): WinstonPrototype["push"] {
  return function push(chunk, encoding) {
    const line = currentLine;
    if (line !== undefined && isObject(chunk)) {
      currentLine = undefined;
      recordFormattedLine(otelLogger, this, chunk, line);
    }
    return original.call(this, chunk, encoding);
  };
}

/** The line of what is about to be transformed: just written, or held since. */
function takeLine(info: object, isRecording: boolean): WinstonLine | undefined {
  if (info === pendingWrite) {
    pendingWrite = undefined;
    return createLine(info, isRecording);
  }
  const lines = bufferedLines.get(info);
  const line = lines?.shift();
  if (lines?.length === 0) bufferedLines.delete(info);
  return line;
}

function bufferLine(info: object, line: WinstonLine): void {
  const lines = bufferedLines.get(info);
  if (lines === undefined) bufferedLines.set(info, [line]);
  else lines.push(line);
}

/** A line as it stands in the active context. Never throws. */
function createLine(info: object, isRecording: boolean): WinstonLine {
  const { spanContext, unit } = activeLogContext();
  const timestamp = isRecording ? wallClock() : 0;
  const isRecorded = !isRecording || isAlreadyRecorded(info);
  return { spanContext, unit, timestamp, error: undefined, hasIds: false, isRecorded };
}

/** Undefined for what a copy can't stand for: instances, errors, arrays, getters that throw. */
function copyWithIds(info: object, logContext: LogContext): object | undefined {
  try {
    if (Object.getPrototypeOf(info) !== Object.prototype) return undefined;
    const copy: CorrelationFields = { ...info };
    injectIds(copy, logContext);
    return copy;
  } catch {
    return undefined;
  }
}

const ID_KEYS = [
  "trace_id",
  "span_id",
  "trace_flags",
  "request_id",
  "user_id",
  "organization_id",
] as const satisfies (keyof CorrelationFields)[];

/**
 * Runs a format on an object with the ids on it, and takes them off again: an
 * error that is logged and then thrown must look as it would without us. What
 * refuses (frozen, proxies) is formatted without ids.
 */
function withTemporaryIds<R>(info: CorrelationFields, logContext: LogContext, format: () => R): R {
  let addedKeys: (keyof CorrelationFields)[] = [];
  try {
    addedKeys = ID_KEYS.filter((key) => !Object.hasOwn(info, key));
    injectIds(info, logContext);
  } catch {
    // Formatted without.
  }
  try {
    return format();
  } finally {
    for (const key of addedKeys) Reflect.deleteProperty(info, key);
  }
}

function prototypeOf(exports: unknown): WinstonPrototype {
  const prototype: unknown = typeof exports === "function" ? exports.prototype : undefined;
  if (isObject(prototype) && isLoggerPrototype(prototype)) return prototype;
  throw new Error(
    "winston's lib/winston/logger.js exports no class with write, push and _transform",
  );
}

function isLoggerPrototype(value: object): value is WinstonPrototype {
  return (["write", "push", "_transform"] as const).every(
    (name) => typeof (value as Partial<WinstonPrototype>)[name] === "function",
  );
}

function defineMethod<Name extends keyof WinstonPrototype>(
  prototype: WinstonPrototype,
  name: Name,
  value: WinstonPrototype[Name],
): void {
  withSignature(value, prototype[name]);
  Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
