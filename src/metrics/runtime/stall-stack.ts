import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const MAX_FRAMES = 30;
/** Frames of telltale, and of Node's part of a response, are above those of the app. */
const MAX_APP_FRAMES = 20;

const ownDirectory = dirname(fileURLToPath(import.meta.url));

/** Returns the current stack from the app's innermost function on; undefined if there is none. */
export function stackOfApp(): string | undefined {
  const frames = currentFrames();
  const first = frames.findIndex((frame) => !isOwnOrNodes(frame));
  if (first === -1) return undefined;
  return frames.slice(first, first + MAX_APP_FRAMES).join("\n");
}

function currentFrames(): string[] {
  const { stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = MAX_FRAMES;
    const { stack } = new Error("stall");
    return typeof stack === "string" ? stack.split("\n").slice(1) : [];
  } catch {
    // The app's own `prepareStackTrace`, or a frozen `Error`.
    return [];
  } finally {
    restoreLimit(stackTraceLimit);
  }
}

function restoreLimit(limit: number): void {
  try {
    Error.stackTraceLimit = limit;
  } catch {
    // A frozen `Error` kept it.
  }
}

function isOwnOrNodes(frame: string): boolean {
  return frame.includes(ownDirectory) || /\(?node:/.test(frame);
}
