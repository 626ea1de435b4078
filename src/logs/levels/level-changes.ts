import type { LoggerLevel } from "../../api.ts";
import { nearestRule } from "./log-levels.ts";

/** A level that was set at run time. */
export interface LevelChange {
  readonly level: LoggerLevel;
  /** Milliseconds since the epoch; undefined: until it is removed. */
  readonly until: number | undefined;
}

/** Returns the level of the active request; undefined if it has none. Must not throw. */
type RequestLevel = () => LoggerLevel | undefined;

/** Limit of names, which may come from outside of the app. */
const MAX_CHANGES = 100;

/**
 * The levels that were set at run time, by the names of loggers. They take precedence
 * over all others. One for the process: loggers of telltale, and those of the app that
 * are instrumented, follow the same changes.
 */
class LevelChanges {
  readonly #changes = new Map<string, LevelChange>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #listeners: (() => void)[] = [];
  /** Returns the level that the active request has asked for. Undefined: none can. */
  #requestLevel: RequestLevel | undefined = undefined;

  /** Whether no level can have changed: then a line needs no more than this. */
  get isEmpty(): boolean {
    return this.#changes.size === 0 && this.#requestLevel === undefined;
  }

  /** Sets what reads the level of the active request. */
  setRequestLevel(requestLevel: RequestLevel): void {
    this.#requestLevel = requestLevel;
  }

  /** Whether requests can ask for a level. */
  get hasRequestLevels(): boolean {
    return this.#requestLevel !== undefined;
  }

  /** Returns the level that the active request has asked for. */
  requestLevel(): LoggerLevel | undefined {
    return this.#requestLevel?.();
  }

  /**
   * Returns the level of a logger whose own level is `own`: the one that was set, or that of
   * the active request if it shows more lines.
   *
   * @param severity returns the severity of a level, of the logger's own ones too.
   */
  effectiveLevel(name: string, own: string, severity: (level: string) => number): string {
    const level = this.levelOf(name) ?? own;
    const requested = this.requestLevel();
    if (requested === undefined) return level;
    return severity(requested) < severity(level) ? requested : level;
  }

  /** Returns the level that was set for a logger, or for a name above it. */
  levelOf(name: string): LoggerLevel | undefined {
    return this.#changes.size === 0 ? undefined : nearestRule(this.#changes, name)?.level;
  }

  /**
   * Sets the level of the loggers of a name.
   *
   * @param forMs how long. Undefined: until it is removed.
   * @returns false if there are too many changes.
   */
  set(name: string, level: LoggerLevel, forMs?: number): boolean {
    if (this.#changes.size >= MAX_CHANGES && !this.#changes.has(name)) return false;
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    const until = forMs === undefined ? undefined : Date.now() + forMs;
    this.#changes.set(name, { level, until });
    if (forMs !== undefined) {
      this.#timers.set(name, setTimeout(() => this.remove(name), forMs).unref());
    }
    this.#notify();
    return true;
  }

  /** Removes what was set for a name. */
  remove(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    if (this.#changes.delete(name)) this.#notify();
  }

  list(): ReadonlyMap<string, LevelChange> {
    return this.#changes;
  }

  /** Calls `listener` after each change. It must not throw. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

export const levelChanges: LevelChanges = new LevelChanges();
