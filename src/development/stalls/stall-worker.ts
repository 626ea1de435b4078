import type { Debugger, Session } from "node:inspector";
import type { MessagePort } from "node:worker_threads";

/** What the worker gets; it shares `beats` with the main thread. */
export interface StallWorkerData {
  /** Time of the main thread's last beat, in nanoseconds of `process.hrtime`; 1 while its inspector is open. */
  readonly beats: BigInt64Array;
  /** After so long a time without a beat the stack is read. */
  readonly silentMs: number;
  readonly port: MessagePort;
}

/** A function of the main thread's stack; line and column from 1. */
export interface CapturedFrame {
  readonly name: string;
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

/** What the worker reports; times are milliseconds of `process.hrtime`. */
export type StallMessage =
  | { readonly kind: "stack"; readonly at: number; readonly frames: readonly CapturedFrame[] }
  | { readonly kind: "suspended"; readonly from: number; readonly to: number };

/** How the main thread has used processors, in milliseconds since its start. */
interface ProcessorUse {
  readonly ranMs: number;
  readonly waitedMs: number;
  /**
   * Whether it is to run, or may wait for a thread that is, such as one of V8's garbage
   * collection. Each may have a processor, or wait for one.
   */
  readonly isReady: boolean;
}

/** The modules that the worker loads. */
interface WorkerModules {
  readonly "node:fs": typeof import("node:fs");
  readonly "node:inspector": typeof import("node:inspector");
}

/**
 * Runs in the worker thread, which receives it as text: it must use nothing but its
 * parameters. While the main thread is silent, it interrupts its code for the time that
 * reading its stack takes, by an inspector session that it opens for that.
 */
// One function, since it is sent as text.
// oxlint-disable-next-line eslint/max-lines-per-function
export function runStallWorker(
  load: <Name extends keyof WorkerModules>(name: Name) => WorkerModules[Name],
  { workerData }: typeof import("node:worker_threads"),
): void {
  const { beats, silentMs, port } = workerData as StallWorkerData;
  const minIntervalMs = 20;
  // So long the main thread must have run, or have waited for something but a processor, in the
  // interval before its stack is read: timers are a little early.
  const minSilentMs = 15;
  // A machine with too many processes lets a thread wait too, but not as long.
  const suspendedMs = 400;
  // Opening a session interrupts the main thread for some 10 ms, which a long stall is worth.
  const pauseMs = 1_000;
  const longSilentMs = 250;
  const maxFrames = 30;
  let checkedAt = clock();
  let resumedAt = 0;
  /** The silence that the checks before have seen. */
  let suspected:
    | { readonly beatAt: number; readonly at: number; readonly use: ProcessorUse | undefined }
    | undefined;
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  let capturedAt = -Infinity;
  let session: Session | undefined;

  // A function outside is not part of the text.
  // oxlint-disable-next-line unicorn/consistent-function-scoping
  function clock(): number {
    return Number(process.hrtime.bigint()) / 1e6;
  }

  function capture(): void {
    const opened = new (load("node:inspector").Session)();
    session = opened;
    const end = (): void => {
      opened.disconnect();
      session = undefined;
    };
    opened.connectToMainThread();
    // All scripts are reported, and frames have their ids only.
    const urls = new Map<string, string>();
    opened.on("Debugger.scriptParsed", ({ params: { scriptId, url } }) => urls.set(scriptId, url));
    opened.on("Debugger.paused", ({ params }) => {
      // First, since the code that goes on may notice the stall at once, and looks for it.
      port.postMessage({ kind: "stack", at: clock(), frames: framesOf(params.callFrames, urls) });
      opened.post("Debugger.resume");
      opened.post("Debugger.disable", end);
    });
    opened.post("Debugger.enable");
    opened.post("Debugger.pause");
  }

  function framesOf(
    callFrames: readonly Debugger.CallFrame[],
    urls: ReadonlyMap<string, string>,
  ): readonly CapturedFrame[] {
    return callFrames.slice(0, maxFrames).map(({ functionName, location }) => ({
      name: functionName,
      url: urls.get(location.scriptId) ?? "",
      line: location.lineNumber + 1,
      column: (location.columnNumber ?? 0) + 1,
    }));
  }

  /** Returns what Linux counts of the main thread; undefined elsewhere. */
  function processorUse(): ProcessorUse | undefined {
    try {
      const [ran, waited] = read("/proc/self/schedstat").split(" ");
      const use = { ranMs: Number(ran) / 1e6, waitedMs: Number(waited) / 1e6 };
      return use.ranMs > 0 ? { ...use, isReady: hasReadyThread() } : undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether a thread of the process besides this one runs, or waits for a processor. */
  function hasReadyThread(): boolean {
    const threads = load("node:fs").readdirSync("/proc/self/task");
    return threads.filter((id) => stateOf(id) === "R").length > 1;
  }

  /** Returns the state of a thread: R, S, D and others. Its name, which precedes it, has any characters. */
  function stateOf(thread: string): string | undefined {
    return read(`/proc/self/task/${thread}/stat`).split(") ").at(-1)?.[0];
  }

  function read(path: string): string {
    return load("node:fs").readFileSync(path, "latin1");
  }

  /**
   * Whether the main thread has been silent since the check before too, and not for lack of a
   * processor: each reading of its stack takes some 50 ms of CPU time, of which a busy machine
   * has none to spare. A thread that waits for one itself finds a silence that may be over.
   */
  function isConfirmed(beatAt: number, at: number): boolean {
    const use = processorUse();
    if (suspected?.beatAt !== beatAt) suspected = { beatAt, at, use };
    return blockedMs(at - suspected.at, suspected.use, use) >= minSilentMs;
  }

  /**
   * Returns for how much of a time the main thread has run, or has waited for something but a
   * processor. How long one waits for a processor is only counted once it runs again.
   */
  function blockedMs(ms: number, before?: ProcessorUse, after?: ProcessorUse): number {
    if (before === undefined || after === undefined) return ms;
    const { isReady, ranMs, waitedMs } = after;
    return isReady ? ranMs - before.ranMs : ms - (waitedMs - before.waitedMs);
  }

  /** Returns the milliseconds until the next check. */
  function check(): number {
    const at = clock();
    const beatAt = Number(Atomics.load(beats, 0)) / 1e6;
    if (at - checkedAt > suspendedMs) {
      port.postMessage({ kind: "suspended", from: checkedAt, to: at });
      resumedAt = at;
    }
    checkedAt = at;
    const silentAt = Math.max(beatAt, resumedAt) + silentMs;
    if (at <= silentAt) {
      suspected = undefined;
    } else if (
      session === undefined &&
      beatAt > capturedAt &&
      (at - capturedAt > pauseMs || at - silentAt > longSilentMs) &&
      !isInspected() &&
      isConfirmed(beatAt, at)
    ) {
      capturedAt = at;
      capture();
    }
    // No earlier than a stack may be read: each wake-up of the thread takes CPU time.
    return Math.max(minIntervalMs, silentAt - at + 1);
  }

  /** Whether a debugger would see a pause. */
  function isInspected(): boolean {
    return Atomics.load(beats, 1) !== 0n;
  }

  /** Waits without the event loop, whose timers take twice the CPU time, unless a session or a debugger needs it. */
  function run(): void {
    for (;;) {
      const ms = check();
      if (session !== undefined || isInspected()) {
        setTimeout(run, ms);
        return;
      }
      Atomics.wait(sleep, 0, 0, ms);
    }
  }

  run();
}
