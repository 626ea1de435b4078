import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { deliverAtExit } from "../export/delivery.ts";
import type { PendingRequest, Pipeline } from "../export/exit.ts";
import { watchSignals } from "./signals.ts";

export interface LifecycleParts {
  readonly pipelines: readonly Pipeline[];
  /** Upper limit of the one flush, in milliseconds. */
  readonly timeoutMs: number;
  readonly diagnostics: Diagnostics;
  /** The process was told to end. */
  readonly onSignal: () => void;
  /** The process ends: what is under way ends with it. Must not throw. */
  readonly onEnd: () => void;
}

/**
 * The end of the process, which stays the app's. It is flushed on
 * the main thread's last tick, and nothing is delayed before it: no
 * `beforeExit`, which would run an app's own listeners twice; no asynchronous
 * work after a signal, while which the app would go on living.
 *
 * - Normal end, `process.exit`, an error nobody caught: Node emits `exit`.
 * - A signal the app listens to: the app decides; we deliver at its `exit`.
 * - A signal nobody else listens to: we deliver, then die of that signal.
 * - `process.abort`, out of memory, SIGKILL: nobody is asked.
 */
export function installLifecycle(parts: LifecycleParts): void {
  makeRoom();
  const last = new LastDelivery(parts);
  watchExit(() => last.deliver());
  watchSignals({ onSignal: parts.onSignal, onDeath: () => last.deliver() });
}

/** Of ours for one event, at most. */
const LISTENERS = 2;

/** Node warns of many listeners for one event; ours must not be what is too much. */
function makeRoom(): void {
  const most = process.getMaxListeners();
  // 0: without limit.
  if (most > 0) process.setMaxListeners(most + LISTENERS);
}

/**
 * Before the app's listeners for `exit`, any of which may end the process on
 * the spot (by `process.exit`, by a throw), and after them for what they made.
 */
function watchExit(deliver: () => void): void {
  const afterOthers = (): void => deliver();
  let moves = false;
  process.on("exit", () => {
    deliver();
    // A listener may call `process.exit`, and so end the round before ours comes; nor is ours the
    // last where `process.exit` came in the tick of a `process.on`.
    beforeReallyExit(deliver);
  });
  process.on("newListener", (event: string | symbol, added: unknown) => {
    if (event !== "exit" || added === afterOthers || moves) return;
    moves = true;
    process.nextTick(() => {
      moves = false;
      process.removeListener("exit", afterOthers);
      process.on("exit", afterOthers);
    });
  });
}

/** What `process.exit` calls in the end; it looks it up then. */
function beforeReallyExit(deliver: () => void): void {
  const { reallyExit } = process as unknown as ReallyExit;
  Object.assign(process, {
    reallyExit(this: unknown, ...args: unknown[]): void {
      deliver();
      Reflect.apply(reallyExit, this, args);
    },
  });
}

interface ReallyExit {
  /** Undocumented, and left open by Node because so many packages replace it. */
  readonly reallyExit: (...args: unknown[]) => void;
}

/** One flush within one deadline; a second call sends what the first could not see yet. */
class LastDelivery {
  readonly #parts: LifecycleParts;
  #deadline: number | undefined = undefined;

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
  }

  /** Never throws: that would be another end than the app's. */
  deliver(): void {
    try {
      this.#deliver();
    } catch (error) {
      this.#parts.diagnostics.error("lifecycle", `the end was not orderly: ${String(error)}`);
    }
  }

  #deliver(): void {
    const { pipelines, timeoutMs, diagnostics } = this.#parts;
    const isFirst = this.#deadline === undefined;
    if (isFirst) this.#parts.onEnd();
    this.#deadline ??= this.#begin();
    const asked = isFirst ? pipelines : pipelines.filter(({ isState }) => isState !== true);
    const requests = asked.flatMap((pipeline) => this.#pendingOf(pipeline));
    const left = Math.max(0, Math.round(this.#deadline - performance.now()));
    if (requests.length > 0) deliverAtExit(requests, isFirst ? timeoutMs : left, diagnostics);
  }

  #begin(): number {
    // Where the loop turns once more it was no end: an app may emit `exit` by itself.
    setImmediate(() => {
      this.#deadline = undefined;
    }).unref();
    return performance.now() + this.#parts.timeoutMs;
  }

  #pendingOf(pipeline: Pipeline): PendingRequest[] {
    try {
      return pipeline.pending();
    } catch (error) {
      const { diagnostics } = this.#parts;
      diagnostics.error("lifecycle", `what was queued could not be sent: ${String(error)}`);
      return [];
    }
  }
}
