import type { LogLevel } from "../config/config.ts";
import { excerpt } from "./escape-control-characters.ts";

const severities: Record<LogLevel, number> = {
  none: 0,
  error: 1,
  warn: 2,
  info: 3,
  debug: 4,
  verbose: 5,
  all: 6,
};

/** The same key is not said again for this long. */
const REPEAT_INTERVAL_MS = 60_000;

/** Of a line, in characters: messages of errors may hold whole pages. */
const MAX_LINE_LENGTH = 2000;

/**
 * Our own few lines on stderr. Each line has a key; a line whose key was said
 * within the last minute is swallowed, so that a fault which repeats with every
 * export costs one line and not a flood. Whatever words of others are in it, it
 * is one line of limited length, which no terminal obeys.
 */
export class Diagnostics {
  readonly #maxSeverity: number;
  readonly #write: (text: string) => void;
  readonly #lastLogged = new Map<string, number>();

  constructor(level: LogLevel, write: (text: string) => void) {
    this.#maxSeverity = severities[level];
    this.#write = write;
  }

  /** Whether lines of this level are said at all. */
  isEnabled(level: LogLevel): boolean {
    return severities[level] <= this.#maxSeverity;
  }

  error(key: string, message: string): void {
    this.#log("error", key, message);
  }

  warn(key: string, message: string): void {
    this.#log("warn", key, message);
  }

  info(key: string, message: string): void {
    this.#log("info", key, message);
  }

  debug(key: string, message: string): void {
    this.#log("debug", key, message);
  }

  #log(level: LogLevel, key: string, message: string): void {
    if (!this.isEnabled(level)) return;
    try {
      const now = performance.now();
      const last = this.#lastLogged.get(key);
      if (last !== undefined && now - last < REPEAT_INTERVAL_MS) return;
      this.#lastLogged.set(key, now);
      this.#write(`telltale: ${excerpt(message, MAX_LINE_LENGTH)}\n`);
    } catch {
      // A closed stderr, or a broken clock, is the host's affair.
    }
  }
}
