import winston, { type Logger, type LoggerOptions as WinstonOptions } from "winston";
import type { LoggerApi } from "../api.ts";
import { isErrorInstance } from "../logs/data-property.ts";
import { levelAmong } from "../logs/levels/log-levels.ts";
import { readProperty } from "../logs/value.ts";
import { fieldsOfAny, infoOf, setField } from "./call-info.ts";
import { IS_FULL, isolateTransports, transportNameOf } from "./isolated-transports.ts";
import { StdoutTransport } from "./stdout-transport.ts";
import { createLineFormat } from "./line-format.ts";
import { textOf } from "./json-text.ts";

/** Options of a logger. */
export interface LoggerOptions {
  /** The level, where no rule of `TELLTALE_LOG_LEVELS` applies. Default: `info`. */
  readonly level?: string;
  /** Fields of all lines. */
  readonly defaultMeta?: Readonly<Record<string, unknown>>;
  /** Where lines go. Default: stdout. */
  readonly transports?: NonNullable<WinstonOptions["transports"]>;
}

/** The mark of `instrumentation/loggers/winston/` on loggers whose lines it correlates. */
const PATCHED = Symbol.for("telltale.winston");

/** The same for each copy of telltale: the instrumentation of winston leaves the level of these loggers. */
const NAME: unique symbol = Symbol.for("telltale.logger.name");
const INITIAL_LEVEL = Symbol("initial level");
const OWN_LEVEL = Symbol("own level");

/** A logger or a child of one, which inherits these from it. */
interface Named extends Logger {
  [NAME]?: string;
  /** The level of its options. */
  [INITIAL_LEVEL]?: string;
  /** The level that was assigned to it. */
  [OWN_LEVEL]?: string;
}

/** Calls within calls, by a getter or a `toJSON` that logs. Deeper ones may be endless, and are not written. */
const MAX_DEPTH = 3;

/** Creates a logger of winston whose methods never throw, and whose lines are one JSON object each. */
export function createNamedLogger(name: string, options: LoggerOptions, api: LoggerApi): Logger {
  const logger = winston.createLogger({
    transports: options.transports ?? new StdoutTransport(api.lineFormat),
    defaultMeta: options.defaultMeta,
  });
  const format = createLineFormat(name, api, {
    isCorrelated: PATCHED in logger,
    defaultFields: () => fieldsOfAny(logger.defaultMeta),
  });
  logger.format = format as unknown as Logger["format"];
  new NamedLogger(logger, api).install(name, options.level);
  return logger;
}

/** Replaces the methods of one logger by ones that do not throw, and its level by that of its name. */
class NamedLogger {
  readonly #logger: Named;
  readonly #api: LoggerApi;
  /**
   * The level at which a line is being written: its own, since its logger has let it pass
   * already, which may be a child; that of the logger if the line is buffered.
   */
  #lineLevel: string | undefined = undefined;
  #depth = 0;

  constructor(logger: Logger, api: LoggerApi) {
    this.#logger = logger;
    this.#api = api;
  }

  install(name: string, level: string | undefined): void {
    const logger = this.#logger;
    setHidden(logger, NAME, name);
    this.#defineLevel();
    if (level !== undefined) this.#setLevel(logger, INITIAL_LEVEL, level);
    // A transport that fails must not end the app.
    logger.on("error", (error) => this.#api.warn("logger", `logger ${name}: ${reasonOf(error)}`));
    isolateTransports(logger, (transport, problem) => {
      const transportName = transportNameOf(transport);
      if (problem === IS_FULL) this.#reportFull(name, transportName);
      else this.#reportUnwritten(name, `${reasonOf(problem)} (transport ${transportName})`);
    });
    this.#defineChild();
    for (const own of Object.keys(logger.levels)) {
      this.#defineMethod(own, (self, args) => this.#write(self, own, args));
    }
    this.#defineMethod("log", (self, [first, ...args]) => this.#log(self, first, args));
  }

  #defineLevel(): void {
    const { levels } = this.#logger;
    const levelOf = (logger: Named): string =>
      this.#lineLevel ??
      levelAmong(
        levels,
        this.#api.levelOf(logger[NAME] ?? "", logger[OWN_LEVEL], logger[INITIAL_LEVEL]),
      );
    const setLevel = (logger: Named, level: unknown): void =>
      this.#setLevel(logger, OWN_LEVEL, level);
    Object.defineProperty(this.#logger, "level", {
      get(this: Named) {
        return levelOf(this);
      },
      set(this: Named, level: unknown) {
        setLevel(this, level);
      },
      configurable: true,
      enumerable: true,
    });
  }

  #setLevel(logger: Named, key: symbol, level: unknown): void {
    const names = [...Object.keys(logger.levels), "none"];
    if (typeof level === "string" && names.includes(level)) {
      setHidden(logger, key, level);
      return;
    }
    this.#api.warn(
      `level of ${logger[NAME]}`,
      `the level of logger ${logger[NAME]}: received ${textOf(level)}, expected one of ${names.join(", ")}; it stays ${logger.level}`,
    );
  }

  #defineMethod(name: string, run: (self: Named, args: readonly unknown[]) => void): void {
    const root = this.#logger;
    const guarded = (self: Named, args: readonly unknown[]): void =>
      this.#guard(self, () => run(self, args));
    setHidden(root, name, function (this: Named | undefined, ...args: unknown[]) {
      const self = this ?? root;
      guarded(self, args);
      return self;
    });
  }

  /** Runs one call of the app. An error in it stays here. */
  #guard(self: Named, run: () => void): void {
    if (this.#depth >= MAX_DEPTH) return;
    const outer = this.#lineLevel;
    this.#lineLevel = undefined;
    this.#depth++;
    try {
      run();
    } catch (error) {
      this.#reportUnwritten(self[NAME], reasonOf(error));
    } finally {
      this.#depth--;
      this.#lineLevel = outer;
    }
  }

  #reportUnwritten(name: string | undefined, reason: string): void {
    this.#api.warn("logger", `logger ${name}: a line was not written: ${reason}`);
  }

  #reportFull(name: string, transportName: string): void {
    this.#api.warn(
      `full ${name} ${transportName}`,
      `logger ${name}: the transport ${transportName} takes no lines; too many wait for it, and further ones are dropped there, while other transports get them`,
    );
  }

  /** Writes the line of `log(level, message, …)` or of `log({ level, message })`. */
  #log(self: Named, first: unknown, args: readonly unknown[]): void {
    const isObject = typeof first === "object" && first !== null;
    const level = isObject ? readProperty(first, "level") : first;
    this.#write(
      self,
      this.#knownLevel(self, level),
      isObject ? [withoutLevel(first), ...args] : args,
    );
  }

  /** Returns a level of the logger. A line of another one is not lost. */
  #knownLevel(self: Named, level: unknown): string {
    if (typeof level === "string" && Object.hasOwn(self.levels, level)) return level;
    this.#api.warn(
      `lines of ${self[NAME]}`,
      `logger ${self[NAME]}: received a line of level ${textOf(level)}, expected one of ${Object.keys(self.levels).join(", ")}; it is written as info`,
    );
    return "info";
  }

  #write(self: Named, level: string, args: readonly unknown[]): void {
    if (this.#logger.silent) return;
    const isEnabled = self.isLevelEnabled(level);
    if (!isEnabled && !this.#api.buffersLine(level)) return;
    if (!this.#logger.writable) {
      this.#api.warn("logger ended", `logger ${self[NAME]} has ended: its lines are not written`);
      return;
    }
    const info = infoOf(level, args);
    this.#lineLevel = isEnabled ? level : self.level;
    self.write(info);
  }

  /** Defines the method that creates children. The field `logger` of a child is its name, which decides its level. */
  #defineChild(): void {
    const root = this.#logger;
    const { child: original } = root;
    setHidden(root, "child", function (this: Named | undefined, fields: unknown) {
      const copy = fieldsOfAny(fields);
      const child: Named = original.call(this ?? root, copy);
      if (typeof copy["logger"] === "string") setHidden(child, NAME, copy["logger"]);
      return child;
    });
  }
}

/** Returns the message of what was thrown. */
function reasonOf(thrown: unknown): string {
  return textOf(isErrorInstance(thrown) ? readProperty(thrown, "message") : thrown);
}

/** Copies an object without its level, which is that of its line. */
function withoutLevel(object: object): object {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fieldsOfAny(object))) {
    if (name !== "level") setField(fields, name, value);
  }
  return fields;
}

function setHidden(target: object, name: string | symbol, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}
