import { createRequire } from "node:module";
import { join } from "node:path";
import { types } from "node:util";
import type { Adaptor } from "../instrumentation/adaptor.ts";
import { wallClock } from "../clock.ts";
import { activeOrigin, flagsText, type IdFields, type Origin } from "./correlation.ts";
import { addWriter, noteLine } from "./inner-lines.ts";
import { TelltaleLogger } from "./logger.ts";
import { type PinoLine, PinoRecords } from "./pino-record.ts";
import type { PinoLogger, PinoSymbols } from "./pino-logger.ts";
import { watchThreadStreams } from "./pino-transport.ts";

/**
 * Joins pino 7 to 10 to us: `lib/proto.js`, whose export makes what all loggers
 * inherit from, and the class of the streams to its threads.
 */
export const adaptor: Adaptor = {
  patch(exports, { package: name, version, directory, file }, services) {
    if (name === "thread-stream") return watchThreadStreams(exports);
    const symbols = symbolsOf(directory);
    const prototype = prototypeOf(exports, symbols);
    const logger = services.loggerProvider.getLogger("pino", version);
    addWriter(join(directory, file));
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

interface Hooks {
  readonly streamWrite?: ((text: string) => unknown) | undefined;
}

/**
 * Each line of every logger, child or not, passes `asJson` once, whatever its
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
  const records = logger?.enabled() === true ? new PinoRecords(logger, symbols) : undefined;
  const ids = new IdTexts(symbols);

  const asJson: AsJson = function asJson(fields, message, level, time) {
    const origin = activeOrigin();
    const idText = ids.of(this, fields, origin);
    const timeText = idText === "" ? time : time + idText;
    if (records === undefined) return original.call(this, fields, message, level, timeText);
    const isHooked = (this[symbols.hooksSym] as Hooks | undefined)?.streamWrite !== undefined;
    const isCopy = isPlainObject(fields) && !hasFormatter(this, symbols);
    // Getters run once, as they would without us: what they give is in the copy.
    const given = isCopy ? { ...fields } : fields;
    const canBePlain = isCopy && !isHooked && ids.areWhole(this, origin);
    const plain = canBePlain ? records.plainOf(this, given, message, level, time) : undefined;
    const text = original.call(this, given, message, level, timeText);
    const at = wallClock();
    noteLine(at);
    const line: PinoLine = { fields: given, isCopy, plain, level, text, isHooked, origin, at };
    if (isHooked) hooked = { logger: this, line };
    else records.write(this, line);
    return text;
  };

  prototype[symbols.asJsonSym] = asJson;
  if (records !== undefined) watchHooks(prototype, symbols, records);
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
let hooked: { readonly logger: PinoLogger; readonly line: PinoLine } | undefined;

type SetLevel = (this: Record<symbol, Hooks>, level: unknown) => unknown;

/**
 * Loggers set their level once they have all their options: the only function on
 * the prototype that they call when they are made. A logger with the hook gets one
 * around it, not the app's object with the hooks.
 */
function watchHooks(
  prototype: Record<symbol, unknown>,
  { setLevelSym, hooksSym }: PinoSymbols,
  records: PinoRecords,
): void {
  const original = prototype[setLevelSym] as SetLevel;
  const setLevel: SetLevel = function setLevel(level) {
    const hooks = Object.hasOwn(this, hooksSym) ? this[hooksSym] : undefined;
    const { streamWrite } = hooks ?? {};
    if (hooks !== undefined && typeof streamWrite === "function" && !watched.has(hooks)) {
      const value = watchStreamWrite(streamWrite, records);
      const own = Object.create(hooks, { streamWrite: { value, enumerable: true } }) as Hooks;
      watched.add(own);
      this[hooksSym] = own;
    }
    return original.call(this, level);
  };
  prototype[setLevelSym] = setLevel;
}

const watched = new WeakSet<Hooks>();

function watchStreamWrite(
  streamWrite: (text: string) => unknown,
  records: PinoRecords,
): (text: string) => unknown {
  return function (text) {
    const mine = hooked?.line.text === text ? hooked : undefined;
    hooked = undefined;
    const seen = streamWrite(text);
    if (mine !== undefined) {
      const shown = seen instanceof Uint8Array ? Buffer.from(seen).toString() : String(seen);
      records.write(mine.logger, { ...mine.line, text: shown });
    }
    return seen;
  };
}

/** The ids as JSON, each with a comma before it. What the app set itself, or has redacted, stays as it is. */
class IdTexts {
  readonly #symbols: PinoSymbols;

  constructor(symbols: PinoSymbols) {
    this.#symbols = symbols;
  }

  of(logger: PinoLogger, fields: IdFields, { trace, holder }: Origin): string {
    if (trace === undefined && holder === undefined) return "";
    const bindings = logger[this.#symbols.chindingsSym] as string;
    const bound = bindings.includes('_id":') ? bindings : "";
    let text = "";
    if (trace !== undefined && this.#isFree(logger, fields, bound, "trace_id")) {
      text = `,"trace_id":"${trace.traceId}","span_id":"${trace.spanId}","trace_flags":"${flagsText(trace.traceFlags)}"`;
    }
    if (holder === undefined) return text;
    const { requestId, userId, organizationId } = holder;
    if (requestId !== undefined && this.#isFree(logger, fields, bound, "request_id")) {
      text += `,"request_id":${quoted(requestId)}`;
    }
    if (userId !== undefined && this.#isFree(logger, fields, bound, "user_id")) {
      text += `,"user_id":${quoted(userId)}`;
    }
    if (organizationId !== undefined && this.#isFree(logger, fields, bound, "organization_id")) {
      text += `,"organization_id":${quoted(organizationId)}`;
    }
    return text;
  }

  /** Whether none of the ids is redacted. */
  areWhole(logger: PinoLogger, { holder }: Origin): boolean {
    if (holder === undefined) return true;
    const stringifiers = logger[this.#symbols.stringifiersSym] as IdFields;
    return (
      stringifiers.request_id === undefined &&
      stringifiers.user_id === undefined &&
      stringifiers.organization_id === undefined
    );
  }

  #isFree(logger: PinoLogger, fields: IdFields, bound: string, name: keyof IdFields): boolean {
    // Not read: a getter would run once more.
    if (Object.hasOwn(fields, name)) return isUnset(fields, name);
    if (bound !== "" && bound.includes(`"${name}":`)) return false;
    return (logger[this.#symbols.stringifiersSym] as IdFields)[name] === undefined;
  }
}

function isUnset(fields: IdFields, name: keyof IdFields): boolean {
  const found = Object.getOwnPropertyDescriptor(fields, name);
  return found?.get === undefined && found?.value === undefined;
}

const PLAIN = /^[\w.~+/=:@-]*$/;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

function symbolsOf(directory: string): PinoSymbols {
  const load = createRequire(join(directory, "package.json"));
  return load("./lib/symbols.js") as PinoSymbols;
}

function prototypeOf(exports: unknown, symbols: PinoSymbols): Record<symbol, unknown> {
  const made: unknown = typeof exports === "function" ? Reflect.apply(exports, undefined, []) : {};
  const prototype = Object.getPrototypeOf(made) as Record<symbol, unknown>;
  if (typeof prototype?.[symbols.asJsonSym] === "function") return prototype;
  throw new Error("pino's lib/proto.js makes nothing with asJson");
}
