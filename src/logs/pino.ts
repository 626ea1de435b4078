import { createRequire } from "node:module";
import { join } from "node:path";
import type { LoggerProvider } from "@opentelemetry/api";
import { wallClock } from "../clock.ts";
import { activeOrigin, flagsText, type IdFields, type Origin } from "./correlation.ts";
import { addWriter, noteLine } from "./inner-lines.ts";
import { TelltaleLogger } from "./logger.ts";
import { type PinoLogger, PinoRecords, type PinoSymbols } from "./pino-record.ts";

/** An `Adaptor` of `instrumentation/`, whose table holds it to that; this room can't see it. */
interface PinoAdaptor {
  patch(
    exports: unknown,
    file: { readonly version: string; readonly directory: string; readonly file: string },
    services: { readonly loggerProvider: LoggerProvider },
  ): unknown;
}

/** Joins pino 7 to 10 to us: `lib/proto.js`, whose export makes what all loggers inherit from. */
export const adaptor: PinoAdaptor = {
  patch(exports, { version, directory, file }, services) {
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

/**
 * Each line of every logger, child or not, passes `asJson` once, whatever its
 * streams and transports are. The ids go in with the text of the time, which
 * comes first: no option of the app's is taken up, and nothing is serialised twice.
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
    const text = ids.of(this, fields, origin);
    const line = original.call(this, fields, message, level, text === "" ? time : time + text);
    if (records !== undefined) {
      const at = wallClock();
      noteLine(at);
      records.write(this, { fields, message, level, line, origin, at });
    }
    return line;
  };

  prototype[symbols.asJsonSym] = asJson;
  Object.defineProperty(prototype, PATCHED, { value: true });
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

  #isFree(logger: PinoLogger, fields: IdFields, bound: string, name: keyof IdFields): boolean {
    if (fields[name] !== undefined) return false;
    if (bound !== "" && bound.includes(`"${name}":`)) return false;
    return (logger[this.#symbols.stringifiersSym] as IdFields)[name] === undefined;
  }
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
