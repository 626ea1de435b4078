import { createRequire } from "node:module";
import { join } from "node:path";
import { TelltaleLogger } from "../../../logs/logger.ts";
import { activeBuffer } from "../../../logs/buffer/active-buffer.ts";
import { levelChanges } from "../../../logs/levels/level-changes.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import { loggerOutput } from "../../../logs/logger-output.ts";
import { BelowLevelCalls, type PinoTools } from "./below-level.ts";
import { patchLogger } from "./patch-logger.ts";
import type { PinoSymbols } from "./pino-logger.ts";
import { wrapThreadStream } from "./thread-stream.ts";

/**
 * The adaptor of pino 7 to 10: `lib/proto.js` exports a function that creates the
 * prototype of all loggers, and `thread-stream` the class of the streams to
 * transport threads.
 */
export const adaptor: Adaptor = {
  patch(exports, { package: name, version, directory, file }, services) {
    if (name === "thread-stream") return wrapThreadStream(exports);
    const symbols = symbolsOf(directory);
    const prototype = prototypeOf(exports, symbols);
    const belowLevel = createBelowLevelCalls(directory, symbols);
    const logger = services.loggerProvider.getLogger("pino", version);
    loggerOutput.addFile(join(directory, file));
    patchLogger(
      prototype,
      symbols,
      logger instanceof TelltaleLogger ? logger : undefined,
      belowLevel,
    );
    return exports;
  },
};

/** Creates what writes or buffers lines below the level of loggers, where that can be asked for. */
function createBelowLevelCalls(
  directory: string,
  symbols: PinoSymbols,
): BelowLevelCalls | undefined {
  if (!levelChanges.hasRequestLevels && activeBuffer.current === undefined) return undefined;
  const load = createRequire(join(directory, "package.json"));
  return new BelowLevelCalls(symbols, load("./lib/tools.js") as PinoTools);
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
  throw new Error("pino's lib/proto.js exports no function that creates a logger with asJson");
}
