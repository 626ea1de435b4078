import { isAbsolute } from "node:path";
import { addContextToFrame, type Event, type StackFrame } from "@sentry/core";
import { filenameIsInApp } from "@sentry/core/server";
import type { EventCompletion } from "../pending-events.ts";
import { moduleNameOf } from "../stack.ts";
import { type FileTask, runInSlices, runUntil } from "../file-task.ts";
import { generatedFilesOf } from "./generated-files.ts";
import { type FileComments, readComments } from "./source-map-comment.ts";
import { contentOf, loadMap, mapPositions, type SourcePosition } from "./source-map.ts";

/** Number of lines before and after. */
const CONTEXT_LINES = 5;
/** Maximum number of files resolved for one event. */
const MAX_FILES = 10;
/** The lines of larger files, which are bundles, are not readable. */
const MAX_FILE_BYTES = 1_000_000;
/** A larger file is not searched for a map that it contains. */
const MAX_INLINE_BYTES = 16_000_000;
/** More than the comments at the end of a file. */
const TAIL_BYTES = 4_096;
/** Maximum number of cached frames, of up to 11 lines of 140 characters each. */
const MAX_CACHED_FRAMES = 500;

type FrameLines = Pick<StackFrame, "pre_context" | "context_line" | "post_context">;

/** What is known of a position in a file. */
interface ResolvedFrame {
  /** Where it is in the original source, and the lines around it. */
  readonly fields: FrameLines &
    Pick<StackFrame, "filename" | "lineno" | "colno" | "in_app" | "module">;
  /** Id of the map of a file that is not mapped here. */
  readonly debugId: string | undefined;
}

/**
 * Adds the original positions of the app's own code, by source maps, and the lines of
 * source around them. Files are read when an event first refers to a position in them:
 * asynchronously, one after the other and in short slices, except at process exit.
 */
export class FrameSources implements EventCompletion {
  /** By file, line and column, in order of last use. */
  readonly #cache = new Map<string, ResolvedFrame>();
  /** Frames that have got everything. */
  readonly #complete = new WeakSet<StackFrame>();
  #lastTask: Promise<unknown> = Promise.resolve();

  addCached(event: Event): boolean {
    let isComplete = true;
    for (const frame of this.#incompleteFrames(event)) {
      const resolved = this.#cache.get(cacheKeyOf(frame));
      if (resolved === undefined) isComplete = false;
      else this.#apply(event, frame, resolved);
    }
    return isComplete;
  }

  async add(event: Event): Promise<void> {
    const task = this.#lastTask.then(() => runInSlices(this.#resolve(event))).catch(() => {});
    this.#lastTask = task;
    await task;
    this.addCached(event);
  }

  addSync(event: Event, deadline: number): void {
    try {
      runUntil(this.#resolve(event), deadline);
    } catch {
      // The event has what was found until then.
    }
    this.addCached(event);
  }

  *#resolve(event: Event): FileTask<void> {
    for (const [file, frames] of this.#missing(event)) {
      const resolved = yield* resolveFile(file, frames);
      for (const [at, frame] of frames.entries()) {
        this.#store(cacheKeyOf(frame), resolved[at] ?? UNRESOLVED);
      }
    }
  }

  #missing(event: Event): Map<string, PositionedFrame[]> {
    const byFile = new Map<string, PositionedFrame[]>();
    for (const frame of this.#incompleteFrames(event)) {
      if (this.#cache.has(cacheKeyOf(frame))) continue;
      const frames = byFile.get(frame.filename);
      if (frames !== undefined) frames.push(frame);
      else if (byFile.size < MAX_FILES) byFile.set(frame.filename, [frame]);
    }
    return byFile;
  }

  #incompleteFrames(event: Event): PositionedFrame[] {
    const frames = (event.exception?.values ?? []).flatMap(
      ({ stacktrace }) => stacktrace?.frames ?? [],
    );
    return frames.filter(isPositionedAppFrame).filter((frame) => !this.#complete.has(frame));
  }

  #apply(event: Event, frame: PositionedFrame, resolved: ResolvedFrame): void {
    const key = cacheKeyOf(frame);
    this.#cache.delete(key);
    this.#cache.set(key, resolved);
    if (resolved.debugId !== undefined) addDebugImage(event, frame.filename, resolved.debugId);
    Object.assign(frame, resolved.fields);
    this.#complete.add(frame);
  }

  #store(key: string, resolved: ResolvedFrame): void {
    this.#cache.set(key, resolved);
    if (this.#cache.size <= MAX_CACHED_FRAMES) return;
    for (const oldest of this.#cache.keys()) {
      this.#cache.delete(oldest);
      return;
    }
  }
}

const UNRESOLVED: ResolvedFrame = { fields: {}, debugId: undefined };

type PositionedFrame = StackFrame & { filename: string; lineno: number };

function isPositionedAppFrame(frame: StackFrame): frame is PositionedFrame {
  const { filename, lineno, in_app: inApp } = frame;
  if (inApp !== true || lineno === undefined || filename === undefined) return false;
  return isAbsolute(filename) || filename.includes("://");
}

function cacheKeyOf({ filename, lineno, colno }: StackFrame): string {
  return `${filename}:${lineno}:${colno}`;
}

/** Resolves frames of one file. */
function* resolveFile(
  file: string,
  frames: readonly PositionedFrame[],
): FileTask<(ResolvedFrame | undefined)[]> {
  const read = { path: file, maxBytes: MAX_FILE_BYTES, tailBytes: TAIL_BYTES };
  const content = isAbsolute(file) ? yield read : undefined;
  if (content === undefined) return yield* resolveMissingFile(file, frames);
  const comments = yield* commentsOf(file, content);
  const positions = yield* mapFrames(file, comments?.sourceMappingUrl, frames);
  const text = content.isWhole ? content.bytes.toString() : undefined;
  const resolved: ResolvedFrame[] = [];
  for (const [at, frame] of frames.entries()) {
    const position = positions?.[at];
    resolved.push(
      position === undefined
        ? { fields: linesOf(text, frame), debugId: comments?.debugId }
        : { fields: yield* originalFields(position), debugId: undefined },
    );
  }
  return resolved;
}

function* commentsOf(
  file: string,
  content: { readonly bytes: Buffer; readonly isWhole: boolean },
): FileTask<FileComments | undefined> {
  const comments = readComments(content.bytes, content.isWhole);
  if (comments !== undefined) return comments;
  const whole = yield { path: file, maxBytes: MAX_INLINE_BYTES };
  return whole && readComments(whole.bytes, true);
}

/** Maps frames of a generated file; undefined if it has no map. */
function* mapFrames(
  file: string,
  url: string | undefined,
  frames: readonly PositionedFrame[],
): FileTask<(SourcePosition | undefined)[] | undefined> {
  const map = url === undefined ? undefined : yield* loadMap(url, file);
  if (map === undefined) return undefined;
  const wanted = frames.map(({ lineno, colno = 1 }, at) => ({
    line: lineno - 1,
    column: colno - 1,
    at,
  }));
  wanted.sort((a, b) => a.line - b.line || a.column - b.column);
  const mapped = yield* mapPositions(map, wanted);
  const byFrame: (SourcePosition | undefined)[] = frames.map(() => undefined);
  for (const [order, { at }] of wanted.entries()) byFrame[at] = mapped[order];
  return byFrame;
}

function* originalFields(position: SourcePosition): FileTask<ResolvedFrame["fields"]> {
  const { source, line, column } = position;
  const module = moduleNameOf(source);
  const isInApp = filenameIsInApp(source) && !BUNDLER_CODE.test(source);
  const frame: PositionedFrame = { filename: source, lineno: line, colno: column, in_app: isInApp };
  if (module !== undefined) frame.module = module;
  if (!isInApp) return frame;
  const text = position.content ?? (yield* textOf(source));
  return { ...frame, ...linesOf(text, frame) };
}

/** Code of webpack itself. */
const BUNDLER_CODE = /^webpack:\/\/[^/]*\/(?:webpack\/|external )/;

function* textOf(source: string): FileTask<string | undefined> {
  if (!isAbsolute(source)) return undefined;
  const content = yield { path: source, maxBytes: MAX_FILE_BYTES };
  return content?.bytes.toString();
}

/**
 * Resolves frames whose file does not exist: originals that Node (`--enable-source-maps`)
 * has mapped, and whose text is in the map of the generated file, which must be found.
 */
function* resolveMissingFile(
  source: string,
  frames: readonly PositionedFrame[],
): FileTask<ResolvedFrame[]> {
  for (const file of generatedFilesOf(source)) {
    const content = yield { path: file, maxBytes: MAX_FILE_BYTES, tailBytes: TAIL_BYTES };
    const comments = content && (yield* commentsOf(file, content));
    const url = comments?.sourceMappingUrl;
    const map = url === undefined ? undefined : yield* loadMap(url, file);
    const text = map && (yield* contentOf(map, source));
    if (text === undefined) continue;
    return frames.map((frame) => ({ fields: linesOf(text, frame), debugId: undefined }));
  }
  return [];
}

/** Returns the lines around a position, as Sentry truncates them. */
function linesOf(text: string | undefined, { lineno, colno }: PositionedFrame): FrameLines {
  if (text === undefined) return {};
  const first = Math.max(1, lineno - CONTEXT_LINES);
  const lines = linesFrom(text, first, lineno - first + 1 + CONTEXT_LINES);
  const relative = lineno - first + 1;
  if (relative > lines.length) return {};
  const frame: StackFrame = { lineno: relative };
  if (colno !== undefined) frame.colno = colno;
  addContextToFrame(lines, frame, CONTEXT_LINES);
  const { pre_context: before, context_line: line, post_context: after } = frame;
  return {
    ...(before !== undefined && { pre_context: before }),
    ...(line !== undefined && { context_line: line }),
    ...(after !== undefined && { post_context: after }),
  };
}

/** Returns some lines of a text without splitting all of it. */
function linesFrom(text: string, first: number, count: number): string[] {
  let start = 0;
  for (let line = 1; line < first; line++) {
    const newline = text.indexOf("\n", start);
    if (newline === -1) return [];
    start = newline + 1;
  }
  const lines: string[] = [];
  while (lines.length < count && start <= text.length) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    lines.push(text.slice(start, end));
    start = end + 1;
  }
  return lines;
}

/** Adds the id of an uploaded map, as Sentry does for `_sentryDebugIds`. */
function addDebugImage(event: Event, file: string, debugId: string): void {
  const images = (event.debug_meta ??= {}).images ?? [];
  if (images.some((image) => image.type === "sourcemap" && image.code_file === file)) return;
  event.debug_meta.images = [...images, { type: "sourcemap", code_file: file, debug_id: debugId }];
}
