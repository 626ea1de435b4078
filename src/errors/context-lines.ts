import { readFileSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { addContextToFrame, type Event, type StackFrame } from "@sentry/core";
import { runSuppressed } from "../context/manager.ts";

/** Lines before and after. */
const CONTEXT_LINES = 5;
/** What one event may read. */
const MAX_FILES = 10;
/** A bigger file is a bundle: its lines tell nothing. */
const MAX_FILE_BYTES = 1_000_000;
/** Windows kept in memory, of up to 11 lines of 140 characters each. */
const MAX_CACHED_FRAMES = 256;

type FrameContext = Pick<StackFrame, "pre_context" | "context_line" | "post_context">;

/**
 * The lines of source around the frames of the app's own code. Files are read
 * once, when an event first shows them, and never while a request waits: only
 * at the end of the process they are read synchronously.
 */
export class ContextLines {
  /** By file and line, in order of last use; an empty one for what can't be read. */
  readonly #cache = new Map<string, FrameContext>();

  /** Adds what is known already. True if nothing is missing. */
  addCached(event: Event): boolean {
    let complete = true;
    for (const frame of appFramesOf(event)) {
      const context = this.#cache.get(cacheKeyOf(frame));
      if (context === undefined) complete = false;
      else this.#apply(frame, context);
    }
    return complete;
  }

  /** Adds the lines. Never rejects. */
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

  /** `add` for the end of the process, where nothing asynchronous runs any more. */
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
