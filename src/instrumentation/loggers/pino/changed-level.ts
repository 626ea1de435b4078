import { hasActiveUnit } from "../../../context/unit-access.ts";
import { levelChanges } from "../../../logs/levels/level-changes.ts";
import { severityOfLevel } from "../../../logs/levels/log-levels.ts";
import { type Levels, severityOfLevelNumber } from "../../../logs/severity.ts";
import type { PinoLogger, PinoSymbols } from "./pino-logger.ts";

/** The name of all loggers of pino for `setLogLevel`. */
const NAME = "pino";

type SetLevel = (this: PinoLogger, level: unknown) => void;

/**
 * Makes the loggers of pino follow levels that are set at run time. A logger of pino has
 * no methods below its level, so the level itself is changed, and restored afterwards. The
 * level of one request is not for this: such a logger may be used by all of them.
 */
export class ChangedLevels {
  readonly #setLevel: SetLevel;
  /**
   * Loggers that were created outside of requests, or have a changed level. Others of
   * requests are many, and soon gone.
   */
  readonly #loggers = new Set<WeakRef<PinoLogger>>();
  readonly #known = new WeakSet<PinoLogger>();
  /** The levels of the app, of loggers that have another one now. */
  readonly #ownLevels = new WeakMap<PinoLogger, string>();

  constructor(setLevel: SetLevel) {
    this.#setLevel = setLevel;
    levelChanges.onChange(() => this.#applyToAll());
  }

  /** Wraps the method that pino calls for each new logger, and for each level that the app sets. */
  static install(prototype: Record<symbol, unknown>, { setLevelSym }: PinoSymbols): void {
    const original = prototype[setLevelSym];
    if (typeof original !== "function") return;
    const levels = new ChangedLevels(original as SetLevel);
    prototype[setLevelSym] = function setLevel(this: PinoLogger, level: unknown): void {
      Reflect.apply(original, this, [level]);
      levels.onLevelSet(this);
    };
  }

  onLevelSet(logger: PinoLogger): void {
    this.#ownLevels.delete(logger);
    const isChanged = levelChanges.levelOf(NAME) !== undefined;
    if (!this.#known.has(logger) && (isChanged || !hasActiveUnit())) {
      this.#known.add(logger);
      this.#loggers.add(new WeakRef(logger));
    }
    if (isChanged) this.#apply(logger);
  }

  #applyToAll(): void {
    for (const reference of this.#loggers) {
      const logger = reference.deref();
      if (logger === undefined) this.#loggers.delete(reference);
      else this.#apply(logger);
    }
  }

  #apply(logger: PinoLogger): void {
    try {
      const { values } = logger.levels;
      const own = this.#ownLevels.get(logger) ?? this.#appLevelOf(logger);
      const level = levelChanges.levelOf(NAME) ?? own;
      if (level === own) this.#ownLevels.delete(logger);
      else this.#ownLevels.set(logger, own);
      const name = levelAmongValues(values, level);
      if (name !== logger.level) this.#setLevel.call(logger, name);
    } catch {
      // A logger of the app may refuse its level.
    }
  }

  /** Returns the level that a logger would have: a new child has the level of its parent, which may be changed. */
  #appLevelOf(logger: PinoLogger): string {
    const parent = Object.getPrototypeOf(logger) as PinoLogger;
    const ownOfParent = this.#ownLevels.get(parent);
    return ownOfParent !== undefined && parent.level === logger.level ? ownOfParent : logger.level;
  }
}

/** Returns the level of a logger's own set that stands for another one. */
function levelAmongValues(values: Levels, wanted: string): string {
  if (Object.hasOwn(values, wanted)) return wanted;
  const minSeverity = severityOfLevel(wanted);
  let found = "silent";
  for (const [name, value] of Object.entries(values)) {
    const isSevereEnough = severityAmong(values, name) >= minSeverity;
    if (isSevereEnough && value < (values[found] ?? Infinity)) found = name;
  }
  return found;
}

/** Returns the severity of a level of pino, whose numbers rise with it. */
export function severityAmong(values: Levels, name: string): number {
  const value = values[name];
  return value === undefined || value === Infinity
    ? severityOfLevel(name)
    : severityOfLevelNumber(value, name);
}
