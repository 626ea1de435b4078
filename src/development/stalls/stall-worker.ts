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

/**
 * Runs in the worker thread, which receives it as text: it must use nothing but its
 * parameters. While the main thread is silent, it interrupts its code for the time that
 * reading its stack takes, by an inspector session that it opens for that.
 */
// One function, since it is sent as text.
// oxlint-disable-next-line eslint/max-lines-per-function
export function runStallWorker(
  load: (name: "node:inspector") => typeof import("node:inspector"),
  { workerData }: typeof import("node:worker_threads"),
): void {
  const { beats, silentMs, port } = workerData as StallWorkerData;
  const minIntervalMs = 20;
  // A machine with too many processes lets a thread wait too, but not as long.
  const suspendedMs = 400;
  // Opening a session interrupts the main thread for some 10 ms.
  const pauseMs = 1_000;
  const maxFrames = 30;
  let checkedAt = clock();
  let resumedAt = 0;
  /** The last beat before a silence that the check before has seen. */
  let suspectedBeatAt = -1;
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
      opened.post("Debugger.resume");
      opened.post("Debugger.disable", end);
      port.postMessage({ kind: "stack", at: clock(), frames: framesOf(params.callFrames, urls) });
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

  function check(): void {
    const at = clock();
    const beatAt = Number(Atomics.load(beats, 0)) / 1e6;
    if (at - checkedAt > suspendedMs) {
      port.postMessage({ kind: "suspended", from: checkedAt, to: at });
      resumedAt = at;
    }
    checkedAt = at;
    const silentAt = Math.max(beatAt, resumedAt) + silentMs;
    const isSilent = at > silentAt;
    // A thread that has waited for a processor finds a silence that may be over.
    const isConfirmed = isSilent && beatAt === suspectedBeatAt;
    suspectedBeatAt = isSilent ? beatAt : -1;
    if (
      session === undefined &&
      isConfirmed &&
      beatAt > capturedAt &&
      at - capturedAt > pauseMs &&
      // A pause would be seen by the debugger.
      Atomics.load(beats, 1) === 0n
    ) {
      capturedAt = at;
      capture();
    }
    // No earlier than a stack may be read: each wake-up of the thread takes 0.1 ms of CPU time.
    setTimeout(check, Math.max(minIntervalMs, silentAt - at + 1));
  }

  check();
}
