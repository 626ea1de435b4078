import { callWithContext } from "../../../context/manager.ts";
import { activeLineBufferSlot } from "../../../context/unit-access.ts";
import { activeBuffer } from "../../../logs/buffer/active-buffer.ts";
import type { NoticeLogger, UnitLines } from "../../../logs/buffer/unit-lines.ts";
import type { LogContext } from "../../../logs/correlation.ts";
import { levelChanges } from "../../../logs/levels/level-changes.ts";
import { severityOfLevel } from "../../../logs/levels/log-levels.ts";
import { BufferedStream } from "./buffered-stream.ts";
import { severityAmong } from "./changed-level.ts";
import type { PinoHooks, PinoLogger, PinoSymbols } from "./pino-logger.ts";

/** The functions of pino's `lib/tools.js` that create the methods of loggers. */
export interface PinoTools {
  readonly noop: unknown;
  genLog(level: number, hook?: LogHook): LogMethod;
}

type LogMethod = (this: PinoLogger, ...args: unknown[]) => void;

type LogHook = (this: PinoLogger, args: unknown[], method: LogMethod, level: number) => void;

type SetLevel = (this: PinoLogger, level: unknown) => void;

/** A call whose line is buffered. */
interface BufferedCall {
  readonly logger: PinoLogger;
  readonly level: number;
  readonly lines: UnitLines;
  /** The stream that is in the place of the logger's. */
  stream: BufferedStream | undefined;
}

/** The line is written. */
const WRITE = "write";

/**
 * Adds methods below the level to loggers of pino, which has replaced them by one that does
 * nothing: the line is written if the active request has such a level, and buffered if its
 * unit of work buffers lines. `isLevelEnabled` and `level` stay what they are.
 */
export class BelowLevelCalls {
  readonly #symbols: PinoSymbols;
  readonly #tools: PinoTools;
  /** Methods by level number: those of loggers without a hook. */
  readonly #methods = new Map<number, LogMethod>();
  readonly #minSeverity: number;
  #current: BufferedCall | undefined = undefined;

  constructor(symbols: PinoSymbols, tools: PinoTools) {
    this.#symbols = symbols;
    this.#tools = tools;
    this.#minSeverity = Math.min(
      severityOfLevel("debug"),
      activeBuffer.current?.minSeverity ?? Infinity,
    );
  }

  /** Wraps the method that pino calls for each new logger, and for each level that is set. */
  install(prototype: Record<symbol, unknown>): void {
    const { setLevelSym } = this.#symbols;
    const original = prototype[setLevelSym] as SetLevel;
    const addMethods = (logger: PinoLogger): void => this.#addMethods(logger);
    const setLevel: SetLevel = function setLevel(level) {
      original.call(this, level);
      addMethods(this);
    };
    prototype[setLevelSym] = setLevel;
  }

  /**
   * Takes the call whose text pino has just created.
   *
   * @returns the stream that pino is to write it to; undefined if the line is not buffered.
   */
  takeCall(logger: PinoLogger, level: number, logContext: LogContext): BufferedStream | undefined {
    const call = this.#current;
    if (call?.logger !== logger || call.level !== level) return undefined;
    this.#current = undefined;
    const { lines } = call;
    const log = this.#tools.genLog(level);
    const notice: NoticeLogger = {
      writeNotice: (message) =>
        callWithContext(logContext.context, this.#run, this, [
          logger,
          level,
          lines,
          log,
          [message],
        ]),
    };
    const stream = new BufferedStream(logger, this.#symbols.streamSym, call.lines, notice);
    call.stream = stream;
    return stream;
  }

  #addMethods(logger: PinoLogger): void {
    try {
      const { values } = logger.levels;
      const { level, [this.#symbols.hooksSym]: hooks } = logger;
      const max = values[level];
      // A silent logger is one that the app has switched off.
      if (max === undefined || max === Infinity) return;
      const methods = logger as unknown as Record<string, unknown>;
      for (const name in values) {
        if (methods[name] !== this.#tools.noop) continue;
        const severity = severityAmong(values, name);
        if (severity < this.#minSeverity) continue;
        methods[name] = this.#methodOf(values[name]!, severity, (hooks as PinoHooks).logMethod);
      }
    } catch {
      // A logger that the app has frozen keeps its methods.
    }
  }

  #methodOf(level: number, severity: number, hook: unknown): LogMethod {
    if (typeof hook === "function") return this.#hookedMethod(level, severity, hook as LogHook);
    let method = this.#methods.get(level);
    if (method === undefined) {
      method = this.#method(level, severity);
      this.#methods.set(level, method);
    }
    return method;
  }

  /** The hook runs only for a line that is not discarded, and decides when it calls the method. */
  #hookedMethod(level: number, severity: number, hook: LogHook): LogMethod {
    const method = this.#method(level, severity);
    const linesOf = (): Destination => linesFor(severity);
    return function hookWrappedLog(...args) {
      if (linesOf() === undefined) return;
      try {
        hook.call(this, args, method, level);
      } catch {
        // Without telltale the app's hook would not run.
      }
    };
  }

  #method(level: number, severity: number): LogMethod {
    const log = this.#tools.genLog(level);
    const run = this.#run.bind(this);
    return function LOG(...args) {
      const lines = linesFor(severity);
      if (lines !== undefined) run(this, level, lines, log, args);
    };
  }

  #run(
    logger: PinoLogger,
    level: number,
    lines: NonNullable<Destination>,
    log: LogMethod,
    args: unknown[],
  ): void {
    const outer = this.#current;
    const call: BufferedCall | undefined =
      lines === WRITE ? undefined : { logger, level, lines, stream: undefined };
    this.#current = call;
    try {
      log.apply(logger, args);
    } catch {
      // A serializer or a getter of the app throws, which would not run without telltale.
    } finally {
      this.#current = outer;
      // Unless pino has already written to it.
      call?.stream?.restore();
    }
  }
}

type Destination = UnitLines | typeof WRITE | undefined;

/** Returns where a line below the level of its logger goes: nowhere, into the buffer, or where others go. */
function linesFor(severity: number): Destination {
  const slot = activeLineBufferSlot();
  const lines = activeBuffer.current?.linesOf(severity, slot);
  if (slot?.writesAllLines === true && lines !== undefined) return lines;
  const requested = levelChanges.requestLevel();
  return requested !== undefined && severityOfLevel(requested) <= severity ? WRITE : lines;
}
