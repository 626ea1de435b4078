import type { LogLevel } from "../config/config.ts";
import { excerptOf } from "./plain-text.ts";

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
const QUIET_MS = 60_000;

/** Of a line, in characters: messages of errors may hold whole pages. */
const LONGEST_LINE = 2000;

/**
 * Our own few lines on stderr. Each line has a key; a line whose key was said
 * within the last minute is swallowed, so that a fault which repeats with every
 * export costs one line and not a flood. Whatever words of others are in it, it
 * is one line of limited length, which no terminal obeys.
 */
export class Diagnostics {
  readonly #limit: number;
  readonly #write: (text: string) => void;
  readonly #said = new Map<string, number>();

  constructor(level: LogLevel, write: (text: string) => void) {
    this.#limit = severities[level];
    this.#write = write;
  }

  /** Whether lines of this level are said at all. */
  says(level: LogLevel): boolean {
    return severities[level] <= this.#limit;
  }

  error(key: string, message: string): void {
    this.#say("error", key, message);
  }

  warn(key: string, message: string): void {
    this.#say("warn", key, message);
  }

  info(key: string, message: string): void {
    this.#say("info", key, message);
  }

  debug(key: string, message: string): void {
    this.#say("debug", key, message);
  }

  #say(level: LogLevel, key: string, message: string): void {
    if (!this.says(level)) return;
    try {
      const now = performance.now();
      const last = this.#said.get(key);
      if (last !== undefined && now - last < QUIET_MS) return;
      this.#said.set(key, now);
      this.#write(`telltale: ${excerptOf(message, LONGEST_LINE)}\n`);
    } catch {
      // A closed stderr, or a broken clock, is the host's affair.
    }
  }
}
