/*
 * A logger may write by way of `console`: then the line is recorded already.
 * Loggers whose way of writing runs inside of a method of ours say so; pino's
 * doesn't (a frame of ours there would be taken for the caller by what looks for
 * it in the stack), so for its lines the stack is looked at, as long as there
 * was one lately.
 */
import { getCallSites } from "node:util";

let depth = 0;

/** What is written until `leaveLogger` is a logger's line. Always in pairs. */
export function enterLogger(): void {
  depth++;
}

export function leaveLogger(): void {
  depth--;
}

/** Longer than any line takes from its text to the last of its streams. */
const LATELY_MS = 1000;
const FRAMES = 50;

const writers = new Set<string>();
let lastLineAt = -Infinity;

/** @param path of the file whose functions write a logger's lines. */
export function addWriter(path: string): void {
  writers.add(path);
}

/** @param at milliseconds since the epoch. */
export function noteLine(at: number): void {
  lastLineAt = at;
}

/** Whether what is written now is the text of a line that a logger was given. */
export function isInnerLine(at: number): boolean {
  if (depth > 0) return true;
  if (Math.abs(at - lastLineAt) > LATELY_MS) return false;
  return getCallSites(FRAMES).some(({ scriptName }) => writers.has(scriptName));
}
