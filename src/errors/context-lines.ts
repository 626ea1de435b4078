import { readFileSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { addContextToFrame, type Event, type StackFrame } from "@sentry/core";
import { runSuppressed } from "../context/manager.ts";

/** Number of lines before and after. */
const CONTEXT_LINES = 5;
/** Maximum number of files read for one event. */
const MAX_FILES = 10;
/** Larger files are bundles, whose lines are not readable. */
const MAX_FILE_BYTES = 1_000_000;
/** Maximum number of cached frames, of up to 11 lines of 140 characters each. */
const MAX_CACHED_FRAMES = 256;

type FrameContext = Pick<StackFrame, "pre_context" | "context_line" | "post_context">;

/**
 * Adds source lines to the stack frames of the app's own code. Files are read once,
 * when an event first refers to them, and asynchronously except at process exit.
 */
export class ContextLines {
  /** By file and line, in order of last use; empty for a file that cannot be read. */
  readonly #cache = new Map<string, FrameContext>();

  /** Adds the cached lines. Returns whether none are missing. */
  addCached(event: Event): boolean {
    let complete = true;
    for (const frame of appFramesOf(event)) {
      const context = this.#cache.get(cacheKeyOf(frame));
      if (context === undefined) complete = false;
      else this.#apply(frame, context);
    }
    return complete;
  }

  /** Reads and adds the lines. Never rejects. */
  async add(event: Event): Promise<void> {
    const reads: Promise<void>[] = [];
    for (const [file, frames] of this.#missing(event)) {
      reads.push(
        runSuppressed(() => readText(file)).then((text) => this.#cacheFrames(text, frames)),
      );
    }
    await Promise.all(reads);
    this.addCached(event);
  }

  /** Does the same synchronously, for process exit. */
  addSync(event: Event): void {
    for (const [file, frames] of this.#missing(event))
      this.#cacheFrames(readTextSync(file), frames);
    this.addCached(event);
  }

  #missing(event: Event): Map<string, StackFrame[]> {
    const byFile = new Map<string, StackFrame[]>();
    for (const frame of appFramesOf(event)) {
      if (this.#cache.has(cacheKeyOf(frame))) continue;
      const file = frame.filename as string;
      const frames = byFile.get(file);
      if (frames !== undefined) frames.push(frame);
      else if (byFile.size < MAX_FILES) byFile.set(file, [frame]);
    }
    return byFile;
  }

  #cacheFrames(text: string | undefined, frames: readonly StackFrame[]): void {
    const lines = text?.split("\n");
    for (const { filename, lineno, colno } of frames) {
      const frame: StackFrame = { filename: filename as string, lineno: lineno as number };
      if (colno !== undefined) frame.colno = colno;
      if (lines !== undefined && (lineno as number) <= lines.length) {
        addContextToFrame(lines, frame, CONTEXT_LINES);
      }
      this.#cache.set(cacheKeyOf(frame), frameContextOf(frame));
      if (this.#cache.size > MAX_CACHED_FRAMES) this.#evictOldest();
    }
  }

  #apply(frame: StackFrame, context: FrameContext): void {
    Object.assign(frame, context);
    const key = cacheKeyOf(frame);
    this.#cache.delete(key);
    this.#cache.set(key, context);
  }

  #evictOldest(): void {
    for (const key of this.#cache.keys()) {
      this.#cache.delete(key);
      return;
    }
  }
}

function appFramesOf(event: Event): StackFrame[] {
  const found: StackFrame[] = [];
  for (const exception of event.exception?.values ?? []) {
    for (const frame of exception.stacktrace?.frames ?? []) {
      const { filename, lineno, in_app: inApp } = frame;
      if (
        inApp === true &&
        lineno !== undefined &&
        filename !== undefined &&
        isAbsolute(filename)
      ) {
        found.push(frame);
      }
    }
  }
  return found;
}

function cacheKeyOf({ filename, lineno }: StackFrame): string {
  return `${filename}:${lineno}`;
}

function frameContextOf(frame: StackFrame): FrameContext {
  const context: FrameContext = {};
  if (frame.pre_context !== undefined) context.pre_context = frame.pre_context;
  if (frame.context_line !== undefined) context.context_line = frame.context_line;
  if (frame.post_context !== undefined) context.post_context = frame.post_context;
  return context;
}

async function readText(file: string): Promise<string | undefined> {
  try {
    const { size } = await stat(file);
    return size > MAX_FILE_BYTES ? undefined : await readFile(file, "utf8");
  } catch {
    return undefined;
  }
}

function readTextSync(file: string): string | undefined {
  try {
    return statSync(file).size > MAX_FILE_BYTES ? undefined : readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
