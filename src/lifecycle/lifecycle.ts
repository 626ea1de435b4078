import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { deliverAtExit } from "../export/delivery.ts";
import type { ExitRequest, Pipeline } from "../export/exit.ts";

export interface LifecycleParts {
  readonly pipelines: readonly Pipeline[];
  /** Upper limit of the one flush, in milliseconds. */
  readonly timeoutMs: number;
  readonly diagnostics: Diagnostics;
  /** The process was told to end. */
  readonly onSignal: () => void;
}

/** Those that ask a process to end; Node's answer to both is to die of them. */
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * The end of the process, which stays the app's (decision 8). There is one
 * flush, on the main thread's last tick, and nothing is delayed before it: no
 * `beforeExit`, which would run an app's own listeners twice; no asynchronous
 * work after a signal, while which the app would go on living.
 *
 * - Normal end, `process.exit`, an error nobody caught: Node emits `exit`.
 * - A signal the app listens to: the app decides; we deliver at its `exit`.
 * - A signal nobody else listens to: we deliver, then die of that signal.
 * - `process.abort`, out of memory, SIGKILL: nobody is asked.
 */
export function installLifecycle(parts: LifecycleParts): void {
  const deliver = once(() => {
    const requests = parts.pipelines.flatMap((pipeline) => pendingOf(pipeline, parts));
    if (requests.length > 0) deliverAtExit(requests, parts.timeoutMs, parts.diagnostics);
  });
  process.on("exit", deliver);
  for (const signal of SIGNALS) installSignal(signal, parts, deliver);
}

function installSignal(
  signal: (typeof SIGNALS)[number],
  parts: LifecycleParts,
  deliver: () => void,
): void {
  const listener = (): void => {
    parts.onSignal();
    if (process.listenerCount(signal) > 1) return;
    deliver();
    process.removeListener(signal, listener);
    process.kill(process.pid, signal);
  };
  process.on(signal, listener);
}

function pendingOf(pipeline: Pipeline, { diagnostics }: LifecycleParts): ExitRequest[] {
  try {
    return pipeline.pending();
  } catch (error) {
    diagnostics.error("lifecycle", `what was queued could not be sent: ${String(error)}`);
    return [];
  }
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}
