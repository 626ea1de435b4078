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

/** Minimum interval between two lines of the same key. */
const REPEAT_INTERVAL_MS = 60_000;

/** Maximum length of a line. Error messages may be pages long. */
const MAX_LINE_LENGTH = 2000;

type ObserveMessage = (level: LogLevel, key: string, message: string) => void;

/**
 * Logs telltale's own messages to stderr. Each message has a key, and a message whose
 * key was logged within the last minute is suppressed, so that an error of every export
 * costs one line a minute. A message is one line of limited length, with control
 * characters escaped.
 */
export class Diagnostics {
  readonly #maxSeverity: number;
  readonly #write: (text: string) => void;
  readonly #observe: ObserveMessage | undefined;
  readonly #lastLogged = new Map<string, number>();

  /** @param observe is called with each message, whether or not its level is logged. */
  constructor(level: LogLevel, write: (text: string) => void, observe?: ObserveMessage) {
    this.#maxSeverity = severities[level];
    this.#write = write;
    this.#observe = observe;
  }

  /** Whether messages of this level are logged. */
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
    this.#observe?.(level, key, message);
    if (!this.isEnabled(level)) return;
    try {
      const now = performance.now();
      const last = this.#lastLogged.get(key);
      if (last !== undefined && now - last < REPEAT_INTERVAL_MS) return;
      this.#lastLogged.set(key, now);
      this.#write(`telltale: ${excerpt(message, MAX_LINE_LENGTH)}\n`);
    } catch {
      // A closed stderr must not affect the app.
    }
  }
}
