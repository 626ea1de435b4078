/*
 * A logger may write by way of `console`: then the line is recorded already.
 * Loggers whose way of writing runs inside of a method of ours say so; pino's
 * doesn't (a frame of ours there would be taken for the caller by what looks for
 * it in the stack), so for its lines the stack is looked at, as long as there
 * was one lately.
 */
import { getCallSites } from "node:util";

let writeDepth = 0;

/** What is written until `endLoggerWrite` is a logger's line. Always in pairs. */
export function beginLoggerWrite(): void {
  writeDepth++;
}

export function endLoggerWrite(): void {
  writeDepth--;
}

/** Longer than any line takes from its text to the last of its streams. */
const RECENT_MS = 1000;
const MAX_FRAMES = 50;

const loggerFiles = new Set<string>();
let lastLineTime = -Infinity;

/** @param path of the file whose functions write a logger's lines. */
export function addLoggerFile(path: string): void {
  loggerFiles.add(path);
}

/** @param epochMs milliseconds since the epoch. */
export function recordLineTime(epochMs: number): void {
  lastLineTime = epochMs;
}

/** Whether what is written now is the text of a line that a logger was given. */
export function isLoggerOutput(epochMs: number): boolean {
  if (writeDepth > 0) return true;
  if (Math.abs(epochMs - lastLineTime) > RECENT_MS) return false;
  return getCallSites(MAX_FRAMES).some(({ scriptName }) => loggerFiles.has(scriptName));
}
