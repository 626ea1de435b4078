import type { Adaptor } from "../../loading/adaptor.ts";
import { TelltaleLogger } from "../../../logs/logger.ts";
import { patchJson } from "./json-format.ts";
import { patchLogger, type WinstonPrototype } from "./patch-logger.ts";
import { patchTimestamp } from "./timestamp-format.ts";
import { patchTransports } from "./transports.ts";
import { isObject } from "./winston-info.ts";

/*
 * How a line passes through winston, and where telltale follows it. Winston runs
 * these steps in this order, synchronously unless a stream is busy, and passes
 * only the `info` from one to the next. What a later step has to know is in
 * `linesInFlight`.
 *
 * 1. `logger.write(info)` sets `pendingWrite` and restores the outer one at its
 *    end. If the logger is busy, `_transform` runs later: `write` then buffers the
 *    line, with the context of the app's call.
 * 2. `logger._transform(info)` takes the line, just written or buffered, and sets
 *    `currentLine`. It puts the ids on a copy of the `info` and runs the logger's
 *    format on that. It restores the outer line at its end, since a format may log.
 * 3. `format.timestamp()` and `format.json()` run as parts of that format. `json()`
 *    compares ids with those of `currentLine`, and sets `lastFormatted` where the
 *    text was written here, or `lastJsonResult` where logform wrote it.
 * 4. `logger.push(info)` takes `currentLine` and finds out which transports accept
 *    it. It takes `lastFormatted`, or reads `lastJsonResult`, and writes the log
 *    record. It marks the `info` as forwarded if another logger reads it too. If
 *    only transports with their own formats accept it, the record has to wait in
 *    `pendingFormats`.
 * 5. `transport._write(info)` runs the transport's format. The listener in
 *    `pendingFormats` receives the result and writes the record.
 */

/**
 * The adaptor of winston 3: `lib/winston/logger.js` exports the class of all
 * loggers, `winston-transport` the base class of all transports, and `logform`
 * the formats `json()` and `timestamp()`.
 */
export const adaptor: Adaptor = {
  patch(exports, file, services) {
    if (file.package === "winston-transport") {
      patchTransports(exports);
      return exports;
    }
    if (file.package === "logform") {
      if (file.file === "json.js") patchJson(exports);
      else patchTimestamp(exports);
      return exports;
    }
    const prototype = prototypeOf(exports);
    const logger = services.loggerProvider.getLogger("winston", file.version);
    patchLogger(prototype, logger instanceof TelltaleLogger ? logger : undefined);
    return exports;
  },
};

function prototypeOf(exports: unknown): WinstonPrototype {
  const prototype: unknown = typeof exports === "function" ? exports.prototype : undefined;
  if (isObject(prototype) && isWinstonPrototype(prototype)) return prototype;
  throw new Error(
    "winston's lib/winston/logger.js exports no class with write, push and _transform",
  );
}

function isWinstonPrototype(value: object): value is WinstonPrototype {
  return (["write", "push", "_transform"] as const).every(
    (name) => typeof (value as Partial<WinstonPrototype>)[name] === "function",
  );
}
