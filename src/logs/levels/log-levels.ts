import type { LoggerLevel } from "../../api.ts";
import type { LogLevelRule } from "../../config/config.ts";
import { type Levels, severityOf } from "../severity.ts";

/** Limit of cached names. An app has fewer loggers, unless it makes up names. */
const MAX_CACHED_NAMES = 1000;

const ALL = "*";

/**
 * The levels of loggers by name. The rule of `api` applies to `api.cache` too, unless
 * that has its own; that of `*` to all others.
 */
export class LogLevels {
  readonly #rules: ReadonlyMap<string, LoggerLevel>;
  readonly #levels = new Map<string, LoggerLevel | undefined>();

  constructor(rules: readonly LogLevelRule[]) {
    this.#rules = new Map(rules.map(({ name, level }) => [name, level]));
  }

  /** Returns the level of a logger; undefined if no rule applies to it. */
  levelOf(name: string): LoggerLevel | undefined {
    if (this.#levels.has(name)) return this.#levels.get(name);
    const level = nearestRule(this.#rules, name);
    if (this.#levels.size >= MAX_CACHED_NAMES) this.#levels.clear();
    this.#levels.set(name, level);
    return level;
  }
}

/** Returns the value of a name, of the nearest name above it, or of all names. */
export function nearestRule<Value>(
  rules: ReadonlyMap<string, Value>,
  name: string,
): Value | undefined {
  for (let end = name.length; end > 0; end = name.lastIndexOf(".", end - 1)) {
    const rule = rules.get(name.slice(0, end));
    if (rule !== undefined) return rule;
  }
  return rules.get(ALL);
}

/** The level at which a logger writes nothing: a name that none of its levels has. */
const NONE = "none";

/** The same for pino. */
const SILENT = "silent";

/**
 * Returns the level of a logger's own set that stands for another one: `trace` is `silly`
 * of winston, and `fatal`, which winston lacks, is no line at all.
 *
 * @param levels names and ranks, 0 the most severe.
 */
export function levelAmong(levels: Levels, wanted: string): string {
  if (Object.hasOwn(levels, wanted) || wanted === NONE) return wanted;
  const minSeverity = severityOfLevel(wanted, levels);
  let found = NONE;
  for (const [name, rank] of Object.entries(levels)) {
    const isSevereEnough = severityOf(name, levels) >= minSeverity;
    if (isSevereEnough && rank >= (levels[found] ?? 0)) found = name;
  }
  return found;
}

/** Returns the severity of a level; that of `none` is above all lines. */
export function severityOfLevel(name: string, levels: Levels = {}): number {
  return name === NONE || name === SILENT ? Infinity : severityOf(name, levels);
}
