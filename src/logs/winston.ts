import type { Adaptor } from "../instrumentation/adaptor.ts";
import { wallClock } from "../clock.ts";
import { activeOrigin, hasIds, type IdFields, type Origin, putIds } from "./correlation.ts";
import { TelltaleLogger } from "./logger.ts";
import {
  errorOf,
  errorOfCopy,
  isRecorded,
  PATCHED,
  recordLine,
  type WinstonLogger,
} from "./winston-record.ts";
import { patchJson, patchTimestamp } from "./winston-line.ts";
import type { Line } from "./winston-info.ts";
import { patchTransports } from "./winston-transport.ts";
import { withSignature } from "../context/signature.ts";

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
      if (file.file === "json.js") patchJson(exports, () => current);
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
export interface LoggerPrototype {
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
 * @param records makes the records; undefined or not enabled: ids only.
 */
export function patchLogger(prototype: LoggerPrototype, records: TelltaleLogger | undefined): void {
  if (PATCHED in prototype) return;
  const wanted = records?.enabled() === true ? records : undefined;
  const { write, push, _transform } = prototype;
  define(prototype, "write", writing(write, wanted !== undefined));
  define(prototype, "_transform", transforming(_transform, wanted !== undefined));
  if (wanted !== undefined) define(prototype, "push", pushing(push, wanted));
  Object.defineProperty(prototype, PATCHED, { value: true });
}

/** What the innermost `write` was given, until `_transform` has it. */
let written: unknown;
/** The line whose format runs, until it is pushed. */
let current: Line | undefined;
/** Lines that a stream has buffered, by the object that was written; more than one if it was written again. */
const waiting = new WeakMap<object, Line[]>();

function writing(original: LoggerPrototype["write"], records: boolean): LoggerPrototype["write"] {
  return function write(chunk, encoding, callback) {
    const outer = written;
    written = chunk;
    try {
      const more = original.call(this, chunk, encoding, callback);
      if (written === chunk && isObject(chunk)) hold(chunk, lineOf(chunk, records));
      return more;
    } finally {
      written = outer;
    }
  };
}

function transforming(
  original: LoggerPrototype["_transform"],
  records: boolean,
): LoggerPrototype["_transform"] {
  return function _transform(info, encoding, callback) {
    const line = isObject(info) ? take(info, records) : undefined;
    if (line === undefined || this.silent === true) {
      return original.call(this, info, encoding, callback);
    }
    const outer = current;
    current = line;
    try {
      const copy = hasIds(line) ? copyWithIds(info as object, line) : undefined;
      if (copy !== undefined) {
        line.hasIds = true;
        if (records) line.error = errorOfCopy(copy);
        return original.call(this, copy, encoding, callback);
      }
      if (records) line.error = errorOf(info as object);
      if (!hasIds(line)) return original.call(this, info, encoding, callback);
      return withIdsOn(info as object, line, () => original.call(this, info, encoding, callback));
    } finally {
      current = outer;
    }
  };
}

function pushing(
  original: LoggerPrototype["push"],
  records: TelltaleLogger,
): LoggerPrototype["push"] {
  return function push(chunk, encoding) {
    const line = current;
    if (line !== undefined && isObject(chunk)) {
      current = undefined;
      recordLine(records, this, chunk, line);
    }
    return original.call(this, chunk, encoding);
  };
}

/** The line of what is about to be transformed: just written, or held since. */
function take(info: object, records: boolean): Line | undefined {
  if (info === written) {
    written = undefined;
    return lineOf(info, records);
  }
  const held = waiting.get(info);
  const line = held?.shift();
  if (held?.length === 0) waiting.delete(info);
  return line;
}

function hold(info: object, line: Line): void {
  const held = waiting.get(info);
  if (held === undefined) waiting.set(info, [line]);
  else held.push(line);
}

/** A line as it stands in the active context. Never throws. */
function lineOf(info: object, records: boolean): Line {
  const { trace, holder } = activeOrigin();
  const at = records ? wallClock() : 0;
  const recorded = !records || isRecorded(info);
  return { trace, holder, at, error: undefined, hasIds: false, recorded };
}

/** Undefined for what a copy can't stand for: instances, errors, arrays, getters that throw. */
function copyWithIds(info: object, origin: Origin): object | undefined {
  try {
    if (Object.getPrototypeOf(info) !== Object.prototype) return undefined;
    const copy: IdFields = { ...info };
    putIds(copy, origin);
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
] as const satisfies (keyof IdFields)[];

/**
 * Runs a format on an object with the ids on it, and takes them off again: an
 * error that is logged and then thrown must look as it would without us. What
 * refuses (frozen, proxies) is formatted without ids.
 */
function withIdsOn<R>(info: IdFields, origin: Origin, format: () => R): R {
  let absent: (keyof IdFields)[] = [];
  try {
    absent = ID_KEYS.filter((key) => !Object.hasOwn(info, key));
    putIds(info, origin);
  } catch {
    // Formatted without.
  }
  try {
    return format();
  } finally {
    for (const key of absent) Reflect.deleteProperty(info, key);
  }
}

function prototypeOf(exports: unknown): LoggerPrototype {
  const prototype: unknown = typeof exports === "function" ? exports.prototype : undefined;
  if (isObject(prototype) && isLoggerPrototype(prototype)) return prototype;
  throw new Error(
    "winston's lib/winston/logger.js exports no class with write, push and _transform",
  );
}

function isLoggerPrototype(value: object): value is LoggerPrototype {
  return (["write", "push", "_transform"] as const).every(
    (name) => typeof (value as Partial<LoggerPrototype>)[name] === "function",
  );
}

function define<Name extends keyof LoggerPrototype>(
  prototype: LoggerPrototype,
  name: Name,
  value: LoggerPrototype[Name],
): void {
  withSignature(value, prototype[name]);
  Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
