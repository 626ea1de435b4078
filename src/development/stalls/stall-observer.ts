import type { Worker } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { now } from "../../clock.ts";
import type { StallObserver, StallPeriod } from "../../loop-activity.ts";
import { type SourcePosition, SourcePositions } from "../../profiling/source-positions.ts";
import type { CapturedFrame, StallMessage, StallWorkerData } from "./stall-worker.ts";
import { stallWorkerCode } from "./stall-worker-code.ts";

/** Almost two beats were missed; a stack is read 20 ms later at the earliest, within a stall of 100 ms. */
const SILENT_MS = 70;

/** A stall that a beat itself has noticed is recorded with the second one after it. */
const BEATS_UNTIL_RECORDED = 3;

/** Enough for those between two beats. */
const MAX_KEPT = 20;

/** Code in a paused debugger uses none; sorting uses all. */
const MIN_CPU_SHARE = 0.25;

interface Suspension {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads the stack of the code that blocks the event loop while it blocks, from a worker
 * thread: the code after it, at which a stall is noticed, is often another function.
 * Excludes the time in which the process was suspended, or paused by a debugger.
 */
export class DevelopmentStalls implements StallObserver {
  readonly #beats = new BigInt64Array(new SharedArrayBuffer(16));
  readonly #positions = new SourcePositions();
  /** What the clock of `process.hrtime` is ahead of that of `now`. */
  readonly #clockOffset: number = Number(process.hrtime.bigint()) / 1e6 - now();
  readonly #inspector: typeof import("node:inspector") | undefined = loadInspector();
  #stacks: { readonly at: number; readonly frames: readonly CapturedFrame[] }[] = [];
  #suspensions: Suspension[] = [];
  #cpuAtBeat = 0;
  #beatsUntilRecorded = 0;
  #receive: () => readonly StallMessage[] = () => [];

  /** Starts the worker thread, which keeps no process alive. Without one, stacks are those of the code after a stall. */
  start(): void {
    if (this.#inspector === undefined) return;
    Atomics.store(this.#beats, 0, process.hrtime.bigint());
    try {
      this.#receive = startWorker({ beats: this.#beats, silentMs: SILENT_MS });
    } catch {
      // `--permission` without `--allow-worker`; no memory or descriptors for a thread.
    }
  }

  /** Whether the event of a stall may still be added to a span. */
  get isPending(): boolean {
    return this.#beatsUntilRecorded > 0;
  }

  noticed(): void {
    this.#beatsUntilRecorded = BEATS_UNTIL_RECORDED;
  }

  beat(): void {
    if (this.#beatsUntilRecorded > 0) this.#beatsUntilRecorded--;
    Atomics.store(this.#beats, 0, process.hrtime.bigint());
    const isInspected = this.#isInspected();
    Atomics.store(this.#beats, 1, isInspected ? 1n : 0n);
    if (isInspected) this.#cpuAtBeat = cpuMs();
  }

  stackDuring({ from, to }: StallPeriod): string | undefined {
    this.#drain();
    const found = this.#stacks.findLast(({ at }) => at >= from && at <= to);
    return found && this.#stackOfApp(found.frames);
  }

  originalStack(stack: string): string {
    // Node has mapped it already.
    if (process.sourceMapsEnabled) return stack;
    return stack
      .split("\n")
      .map((line) => this.#originalLine(line))
      .join("\n");
  }

  /** Returns a line of a stack, as V8 prints it, with the place of the original source. */
  #originalLine(line: string): string {
    const end = line.endsWith(")") ? line.length - 1 : line.length;
    const start = line.lastIndexOf(end === line.length ? " " : "(") + 1;
    const [file, lineNumber, column] = splitPlace(line.slice(start, end));
    if (file === undefined || !isOfApp(file)) return line;
    const original = this.#positions.originalOf(file, Number(lineNumber), Number(column));
    if (original === undefined) return line;
    return line.slice(0, start) + placeText(original) + line.slice(end);
  }

  wasPaused({ from, to }: StallPeriod): boolean {
    return this.#isInspected() && cpuMs() - this.#cpuAtBeat < (to - from) * MIN_CPU_SHARE;
  }

  suspendedMs({ from, to }: StallPeriod): number {
    this.#drain();
    return this.#suspensions.reduce(
      (sum, one) => sum + Math.max(0, Math.min(to, one.to) - Math.max(from, one.from)),
      0,
    );
  }

  #isInspected(): boolean {
    return this.#inspector?.url() !== undefined;
  }

  #drain(): void {
    for (const message of this.#receive()) {
      if (message.kind === "stack") {
        const { at, frames } = message;
        this.#stacks = [...this.#stacks, { at: at - this.#clockOffset, frames }].slice(-MAX_KEPT);
      } else {
        const from = message.from - this.#clockOffset;
        const to = message.to - this.#clockOffset;
        this.#suspensions = [...this.#suspensions, { from, to }].slice(-MAX_KEPT);
      }
    }
  }

  /** Returns a stack as V8 prints it, from the app's innermost function on; undefined if there is none. */
  #stackOfApp(frames: readonly CapturedFrame[]): string | undefined {
    const first = frames.findIndex(({ url }) => isOfApp(url));
    if (first === -1) return undefined;
    return frames
      .slice(first)
      .map((frame) => this.#lineOf(frame))
      .join("\n");
  }

  #lineOf({ name, url, line, column }: CapturedFrame): string {
    const place = this.#positions.originalOf(url, line, column) ?? {
      file: pathOf(url),
      line,
      column,
    };
    const text = placeText(place);
    return name === "" ? `    at ${text}` : `    at ${name} (${text})`;
  }
}

/** Splits `/app/a.js:3:7`; none of the parts if it is no place. */
function splitPlace(text: string): readonly (string | undefined)[] {
  const column = text.lastIndexOf(":");
  const line = text.lastIndexOf(":", column - 1);
  if (line <= 0) return [];
  return [text.slice(0, line), text.slice(line + 1, column), text.slice(column + 1)];
}

function placeText({ file, line, column }: SourcePosition): string {
  return `${file}:${line}:${column}`;
}

const ownFolder = import.meta.dirname;

/** Whether it is neither of Node nor of telltale. */
function isOfApp(url: string): boolean {
  return url !== "" && !url.startsWith("node:") && !pathOf(url).startsWith(ownFolder);
}

function pathOf(url: string): string {
  try {
    return url.startsWith("file:") ? fileURLToPath(url) : url;
  } catch {
    return url;
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Node can be built without it. */
function loadInspector(): typeof import("node:inspector") | undefined {
  try {
    return process.getBuiltinModule("node:inspector");
  } catch {
    return undefined;
  }
}

/** Starts the worker, and returns what reads its messages at once. */
function startWorker(options: Omit<StallWorkerData, "port">): () => readonly StallMessage[] {
  const threads = process.getBuiltinModule("node:worker_threads");
  const { port1, port2 } = new threads.MessageChannel();
  const worker: Worker = new threads.Worker(stallWorkerCode, {
    eval: true,
    workerData: { ...options, port: port2 } satisfies StallWorkerData,
    transferList: [port2],
    name: "telltale stalls",
    env: {},
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
  });
  worker.on("error", () => {});
  worker.unref();
  port1.unref();
  return () => {
    const messages: StallMessage[] = [];
    for (;;) {
      const received = threads.receiveMessageOnPort(port1);
      if (received === undefined) return messages;
      messages.push(received.message as StallMessage);
    }
  };
}
