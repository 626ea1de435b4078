import { getCallSites } from "node:util";

/** How long the stack is searched after a line, in milliseconds: longer than any line takes to its last stream. */
const RECENT_MS = 1000;
const MAX_FRAMES = 50;

/**
 * Detects output of loggers, whose lines have a record already: on the console, and by
 * transports that emit a record through the API.
 *
 * Winston and bunyan write inside of a method that telltale has patched, between
 * `begin` and `end`. Pino doesn't: a frame of telltale's there would be mistaken
 * for the caller by code that reads it from the stack. For pino the stack is
 * searched for its file, if there was a line of pino's recently.
 */
class LoggerOutput {
  #writeDepth = 0;
  readonly #files = new Set<string>();
  #lastLineTime = -Infinity;

  /** Everything written until `end` is a logger's line. The two calls are always paired. */
  begin(): void {
    this.#writeDepth++;
  }

  /** Ends what `begin` began. */
  end(): void {
    this.#writeDepth--;
  }

  /**
   * Adds a file to search for in the stack.
   *
   * @param path of a file whose functions write a logger's lines.
   */
  addFile(path: string): void {
    this.#files.add(path);
  }

  /**
   * Records that a logger from one of the files has formatted a line.
   *
   * @param epochMs milliseconds since the epoch.
   */
  recordLineTime(epochMs: number): void {
    this.#lastLineTime = epochMs;
  }

  /**
   * Whether the text that is written now is a logger's line.
   *
   * @param epochMs milliseconds since the epoch.
   */
  isActive(epochMs: number): boolean {
    if (this.#writeDepth > 0) return true;
    if (Math.abs(epochMs - this.#lastLineTime) > RECENT_MS) return false;
    return getCallSites(MAX_FRAMES).some(({ scriptName }) => this.#files.has(scriptName));
  }
}

export const loggerOutput: LoggerOutput = new LoggerOutput();
