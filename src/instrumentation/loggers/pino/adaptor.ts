import { createRequire } from "node:module";
import { join } from "node:path";
import { types } from "node:util";
import type { Adaptor } from "../../loading/adaptor.ts";
import { wallClock } from "../../../clock.ts";
import {
  activeLogContext,
  formatTraceFlags,
  type CorrelationFields,
  type LogContext,
} from "../../../logs/correlation.ts";
import { addLoggerFile, recordLineTime } from "../logger-output.ts";
import { TelltaleLogger } from "../../../logs/logger.ts";
import { type PinoLine, PinoRecorder } from "./pino-recorder.ts";
import type { PinoLogger, PinoSymbols } from "./pino-logger.ts";
import { wrapThreadStream } from "./thread-stream.ts";

/**
 * Joins pino 7 to 10 to us: `lib/proto.js`, whose export makes what all loggers
 * inherit from, and the class of the streams to its threads.
 */
export const adaptor: Adaptor = {
  patch(exports, { package: name, version, directory, file }, services) {
    if (name === "thread-stream") return wrapThreadStream(exports);
    const symbols = symbolsOf(directory);
    const prototype = prototypeOf(exports, symbols);
    const logger = services.loggerProvider.getLogger("pino", version);
    addLoggerFile(join(directory, file));
    patchLogger(prototype, symbols, logger instanceof TelltaleLogger ? logger : undefined);
    return exports;
  },
};

type AsJson = (
  this: PinoLogger,
  fields: object,
  message: unknown,
  level: number,
  time: string,
) => string;

const PATCHED: unique symbol = Symbol.for("telltale.pino");

interface PinoHooks {
  readonly streamWrite?: ((text: string) => unknown) | undefined;
}

/**
 * Each line of every logger, child or not, passes `copyJson` once, whatever its
 * streams and transports are. The ids go in with the text of the time, which
 * comes first: no option of the app's is taken up, and nothing is serialised twice.
 * A hook `streamWrite` makes another text of it after that, which is the one that
 * is seen.
 */
function patchLogger(
  prototype: Record<symbol, unknown>,
  symbols: PinoSymbols,
  logger: TelltaleLogger | undefined,
): void {
  if (PATCHED in prototype) return;
  const original = prototype[symbols.asJsonSym] as AsJson;
  const recorder = logger?.enabled() === true ? new PinoRecorder(logger, symbols) : undefined;
  const ids = new IdSerializer(symbols);

  const asJson: AsJson = function asJson(fields, message, level, time) {
    const logContext = activeLogContext();
    const idText = ids.serialize(this, fields, logContext);
    const timeText = idText === "" ? time : time + idText;
    if (recorder === undefined) return original.call(this, fields, message, level, timeText);
    const isHooked = (this[symbols.hooksSym] as PinoHooks | undefined)?.streamWrite !== undefined;
    const isCopy = isPlainObject(fields) && !hasFormatter(this, symbols);
    // Getters run once, as they would without us: what they give is in the copy.
    const fieldsCopy = isCopy ? { ...fields } : fields;
    const canBeSimple = isCopy && !isHooked && ids.areUnredacted(this, logContext);
    const simpleMessage = canBeSimple
      ? recorder.simpleMessageOf(this, fieldsCopy, message, level, time)
      : undefined;
    const text = original.call(this, fieldsCopy, message, level, timeText);
    const timestamp = wallClock();
    recordLineTime(timestamp);
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
    if (isHooked) pendingHookedLine = { logger: this, line };
    else recorder.record(this, line);
    return text;
  };

  prototype[symbols.asJsonSym] = asJson;
  if (recorder !== undefined) wrapHooks(prototype, symbols, recorder);
  Object.defineProperty(prototype, PATCHED, { value: true });
}

function isPlainObject(fields: object): boolean {
  return !types.isProxy(fields) && Object.getPrototypeOf(fields) === Object.prototype;
}

/** Whether the app gets the object itself to see. */
function hasFormatter(logger: PinoLogger, { formattersSym }: PinoSymbols): boolean {
  return (logger[formattersSym] as { readonly log?: unknown } | undefined)?.log !== undefined;
}

/** The line whose text a hook is about to get. */
let pendingHookedLine: { readonly logger: PinoLogger; readonly line: PinoLine } | undefined;

type SetLevel = (this: Record<symbol, PinoHooks>, level: unknown) => unknown;

/**
 * Loggers set their level once they have all their options: the only function on
 * the prototype that they call when they are made. A logger with the hook gets one
 * around it, not the app's object with the hooks.
 */
function wrapHooks(
  prototype: Record<symbol, unknown>,
  { setLevelSym, hooksSym }: PinoSymbols,
  recorder: PinoRecorder,
): void {
  const original = prototype[setLevelSym] as SetLevel;
  const setLevel: SetLevel = function setLevel(level) {
    const hooks = Object.hasOwn(this, hooksSym) ? this[hooksSym] : undefined;
    const { streamWrite } = hooks ?? {};
    if (hooks !== undefined && typeof streamWrite === "function" && !wrappedHooks.has(hooks)) {
      const value = wrapStreamWrite(streamWrite, recorder);
      const ownHooks = Object.create(hooks, {
        streamWrite: { value, enumerable: true },
      }) as PinoHooks;
      wrappedHooks.add(ownHooks);
      this[hooksSym] = ownHooks;
    }
    return original.call(this, level);
  };
  prototype[setLevelSym] = setLevel;
}

const wrappedHooks = new WeakSet<PinoHooks>();

function wrapStreamWrite(
  streamWrite: (text: string) => unknown,
  recorder: PinoRecorder,
): (text: string) => unknown {
  return function (text) {
    const pending = pendingHookedLine?.line.text === text ? pendingHookedLine : undefined;
    pendingHookedLine = undefined;
    const result = streamWrite(text);
    if (pending !== undefined) {
      const resultText =
        result instanceof Uint8Array ? Buffer.from(result).toString() : String(result);
      recorder.record(pending.logger, { ...pending.line, text: resultText });
    }
    return result;
  };
}

/** The ids as JSON, each with a comma before it. What the app set itself, or has redacted, stays as it is. */
class IdSerializer {
  readonly #symbols: PinoSymbols;

  constructor(symbols: PinoSymbols) {
    this.#symbols = symbols;
  }

  serialize(
    logger: PinoLogger,
    fields: CorrelationFields,
    { spanContext, unit }: LogContext,
  ): string {
    if (spanContext === undefined && unit === undefined) return "";
    const bindings = logger[this.#symbols.chindingsSym] as string;
    const bound = bindings.includes('_id":') ? bindings : "";
    let text = "";
    if (spanContext !== undefined && this.#isAvailable(logger, fields, bound, "trace_id")) {
      text = `,"trace_id":"${spanContext.traceId}","span_id":"${spanContext.spanId}","trace_flags":"${formatTraceFlags(spanContext.traceFlags)}"`;
    }
    if (unit === undefined) return text;
    const { requestId, userId, organizationId } = unit;
    if (requestId !== undefined && this.#isAvailable(logger, fields, bound, "request_id")) {
      text += `,"request_id":${toJsonString(requestId)}`;
    }
    if (userId !== undefined && this.#isAvailable(logger, fields, bound, "user_id")) {
      text += `,"user_id":${toJsonString(userId)}`;
    }
    if (
      organizationId !== undefined &&
      this.#isAvailable(logger, fields, bound, "organization_id")
    ) {
      text += `,"organization_id":${toJsonString(organizationId)}`;
    }
    return text;
  }

  /** Whether none of the ids is redacted. */
  areUnredacted(logger: PinoLogger, { unit }: LogContext): boolean {
    if (unit === undefined) return true;
    const stringifiers = logger[this.#symbols.stringifiersSym] as CorrelationFields;
    return (
      stringifiers.request_id === undefined &&
      stringifiers.user_id === undefined &&
      stringifiers.organization_id === undefined
    );
  }

  #isAvailable(
    logger: PinoLogger,
    fields: CorrelationFields,
    bound: string,
    name: keyof CorrelationFields,
  ): boolean {
    // Not read: a getter would run once more.
    if (Object.hasOwn(fields, name)) return isUnset(fields, name);
    if (bound !== "" && bound.includes(`"${name}":`)) return false;
    return (logger[this.#symbols.stringifiersSym] as CorrelationFields)[name] === undefined;
  }
}

function isUnset(fields: CorrelationFields, name: keyof CorrelationFields): boolean {
  const found = Object.getOwnPropertyDescriptor(fields, name);
  return found?.get === undefined && found?.value === undefined;
}

const NO_ESCAPES = /^[\w.~+/=:@-]*$/;

function toJsonString(text: string): string {
  return NO_ESCAPES.test(text) ? `"${text}"` : JSON.stringify(text);
}

function symbolsOf(directory: string): PinoSymbols {
  const load = createRequire(join(directory, "package.json"));
  return load("./lib/symbols.js") as PinoSymbols;
}

function prototypeOf(exports: unknown, symbols: PinoSymbols): Record<symbol, unknown> {
  const instance: unknown =
    typeof exports === "function" ? Reflect.apply(exports, undefined, []) : {};
  const prototype = Object.getPrototypeOf(instance) as Record<symbol, unknown>;
  if (typeof prototype?.[symbols.asJsonSym] === "function") return prototype;
  throw new Error("pino's lib/proto.js makes nothing with asJson");
}
