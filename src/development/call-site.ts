import { existsSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { SourcePositions } from "../profiling/source-positions.ts";

/** A frame of the app in its original source. */
export interface AppFrame {
  /** Absolute path, or the name that the source map has. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly function: string | undefined;
  /** Whether it waits for the frame before it, so that its position is that of an `await`. */
  readonly isAwaiting: boolean;
}

/** The app's frames of a call, the innermost first; at least one. */
export type CallSite = readonly AppFrame[];

/**
 * As many frames of a stack are read at first, those that wait included: the time of a capture
 * grows with them. If none of them is the app's, as many as the second number.
 */
const FRAMES = [16, 64] as const;
/** As many frames of the app are kept: they distinguish the callers of one function. */
const MAX_APP_FRAMES = 6;
const MAX_CACHED = 5_000;

/** Reads call sites from the stack of the running code. */
export class CallSiteReader {
  readonly #positions: SourcePositions;
  /** By file, line and column: where the code is in its source; undefined if it is no app code. */
  readonly #places = new Map<string, Pick<AppFrame, "file" | "line" | "column"> | undefined>();
  readonly #libraryFiles = new Map<string, boolean>();

  constructor(positions: SourcePositions) {
    this.#positions = positions;
  }

  /**
   * Returns the frames of the app on the stack, behind them those of functions that wait
   * for it; undefined without any. Never throws.
   *
   * @param below the function whose callers are read
   */
  read(below: (...args: never[]) => unknown): CallSite | undefined {
    for (const limit of FRAMES) {
      const sites = callSitesOf(below, limit);
      const frames = this.#framesOf(sites);
      if (frames.length > 0) return frames;
      if (sites.length < limit) return undefined;
    }
    return undefined;
  }

  #framesOf(sites: readonly NodeJS.CallSite[]): AppFrame[] {
    const frames: AppFrame[] = [];
    for (const site of sites) {
      const frame = this.#frameOf(site);
      if (frame !== undefined && frames.push(frame) >= MAX_APP_FRAMES) break;
    }
    return frames;
  }

  /** Returns the frames of the app in a stack as V8 writes it; undefined without any. */
  parse(stack: string): CallSite | undefined {
    const frames: AppFrame[] = [];
    for (const line of stack.split("\n", FRAMES[1])) {
      const [, isAsync, name, file, row, column] = FRAME.exec(line.slice(0, MAX_LINE)) ?? [];
      if (file === undefined || this.#isLibrary(file)) continue;
      const place = this.#placeOf(file, Number(row), Number(column));
      if (place === undefined) continue;
      frames.push({ ...place, function: ownName(name), isAwaiting: isAsync !== undefined });
      if (frames.length >= MAX_APP_FRAMES) break;
    }
    return frames.length === 0 ? undefined : frames;
  }

  #frameOf(site: NodeJS.CallSite): AppFrame | undefined {
    const name = site.getFileName();
    if (typeof name !== "string" || this.#isLibrary(name)) return undefined;
    const place = this.#placeOf(name, site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0);
    if (place === undefined) return undefined;
    const isAwaiting = site.isAsync();
    return { ...place, function: site.getFunctionName() ?? undefined, isAwaiting };
  }

  #isLibrary(name: string): boolean {
    const known = this.#libraryFiles.get(name);
    if (known !== undefined) return known;
    const isLibrary = isLibraryFile(name);
    if (this.#libraryFiles.size >= MAX_CACHED) this.#libraryFiles.clear();
    this.#libraryFiles.set(name, isLibrary);
    return isLibrary;
  }

  /** Code of a library may be bundled with that of the app, and is then recognized by its source. */
  #placeOf(
    name: string,
    line: number,
    column: number,
  ): Omit<AppFrame, "function" | "isAwaiting"> | undefined {
    const key = `${name}:${line}:${column}`;
    if (this.#places.has(key)) return this.#places.get(key);
    const original = this.#positions.originalOf(name, line, column) ?? {
      file: pathOf(name),
      line,
      column,
    };
    const place = this.#isLibrary(original.file) ? undefined : original;
    if (this.#places.size >= MAX_CACHED) this.#places.clear();
    this.#places.set(key, place);
    return place;
  }
}

/** Returns the name of a function without that of its object: `Object.handle [as get]`. */
function ownName(name: string | undefined): string | undefined {
  const own = name?.split(" [as ", 1)[0]?.split(".").at(-1);
  return own === "<anonymous>" ? undefined : own;
}

const MAX_LINE = 1_000;
/** `at async name (file:1:2)`, `at file:1:2`. */
const FRAME = /^ {4}at (async )?(?:(.+) \()?([^()]+):(\d+):(\d+)\)?$/;

/**
 * Returns V8's call sites of the running code. The app's own limit and its formatting of stacks
 * are the same before and after; both run in between for nothing else.
 */
function callSitesOf(
  below: (...args: never[]) => unknown,
  limit: number,
): readonly NodeJS.CallSite[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const captured: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = limit;
    Error.prepareStackTrace = (_error, sites) => sites;
    Error.captureStackTrace(captured, below);
    // V8 formats the stack when it is first read.
    return Array.isArray(captured.stack) ? (captured.stack as NodeJS.CallSite[]) : [];
  } catch {
    // `Error` is frozen.
    return [];
  } finally {
    restore("stackTraceLimit", stackTraceLimit);
    restore("prepareStackTrace", prepareStackTrace);
  }
}

function restore<Name extends "stackTraceLimit" | "prepareStackTrace">(
  name: Name,
  value: ErrorConstructor[Name],
): void {
  try {
    if (value === undefined) Reflect.deleteProperty(Error, name);
    else Error[name] = value;
  } catch {
    // Frozen, and so never changed.
  }
}

/** telltale's own folder: `dist`, or `src` in the source tree. */
const ownFolder = import.meta.dirname.endsWith(`${sep}development`)
  ? dirname(import.meta.dirname)
  : import.meta.dirname;

const LIBRARY = /[\\/](?:node_modules|\.yarn|\.pnp\.[cm]?js)(?:[\\/]|$)/;

function isLibraryFile(name: string): boolean {
  if (name.startsWith("node:") || name.startsWith("internal/") || LIBRARY.test(name)) return true;
  // Code that is evaluated, of templates and of the REPL, and that of bundlers.
  if (/^(?:evalmachine|\[|<)|^webpack:.*\/webpack\//.test(name)) return true;
  const path = pathOf(name);
  return path.startsWith(ownFolder + sep) || isGenerated(path);
}

/** Whether it is the copy of its runtime that Prisma generates beside a client. */
function isGenerated(path: string): boolean {
  const folder = dirname(path);
  if (basename(folder) !== "runtime") return false;
  try {
    return existsSync(join(folder, "..", "schema.prisma"));
  } catch {
    return false;
  }
}

function pathOf(name: string): string {
  try {
    return name.startsWith("file:") ? fileURLToPath(name.replace(/[?#].*$/s, "")) : name;
  } catch {
    return name;
  }
}

/** Returns a call site as V8 writes stacks. */
export function formatCallSite(site: CallSite): string {
  return site
    .map(({ file, line, column, function: name, isAwaiting }) => {
      const position = `${file}:${line}:${column}`;
      const prefix = isAwaiting ? "at async " : "at ";
      return prefix + (name === undefined ? position : `${name} (${position})`);
    })
    .join("\n");
}
