import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { ExitRequestFactory, Pipeline } from "../export/pipeline.ts";
import { lazy } from "../lazy.ts";

const loadSendAtExit = lazy<typeof import("../export/exit/send-at-exit.ts")>(
  "export/exit/send-at-exit.ts",
);

export interface ExitFlushDeps {
  readonly pipelines: readonly Pipeline[];
  /** Time limit of the whole flush, in milliseconds. */
  readonly timeoutMs: number;
  readonly diagnostics: Diagnostics;
  /** Ends all requests, messages and jobs in flight. Must not throw. */
  readonly onEnd: () => void;
}

type SendAtExit = (
  requests: readonly ExitRequestFactory[],
  timeoutMs: number,
  diagnostics: Diagnostics,
) => void;

/**
 * Flushes all pipelines synchronously within one deadline. A second call sends what
 * was recorded after the first one.
 */
export class ExitFlush {
  readonly #deps: ExitFlushDeps;
  readonly #send: SendAtExit;
  #deadline: number | undefined = undefined;

  constructor(
    deps: ExitFlushDeps,
    send: SendAtExit = (...args) => loadSendAtExit().sendAtExit(...args),
  ) {
    this.#deps = deps;
    this.#send = send;
  }

  /** Never throws: an error would change the exit code of the app. */
  flush(): void {
    try {
      this.#flushOnce();
    } catch (error) {
      this.#deps.diagnostics.error("lifecycle", `the exit flush failed: ${String(error)}`);
    }
  }

  #flushOnce(): void {
    const { pipelines, timeoutMs, diagnostics } = this.#deps;
    const isFirst = this.#deadline === undefined;
    if (isFirst) this.#deps.onEnd();
    this.#deadline ??= this.#startDeadline();
    const flushed = isFirst ? pipelines : pipelines.filter(({ isSnapshot }) => isSnapshot !== true);
    const requests = flushed.flatMap((pipeline) => this.#drainForExit(pipeline));
    const remainingMs = Math.max(0, Math.round(this.#deadline - performance.now()));
    if (requests.length === 0) return;
    this.#send(requests, isFirst ? timeoutMs : remainingMs, diagnostics);
  }

  #startDeadline(): number {
    // If the event loop turns once more, the process did not exit: an app may emit `exit` itself.
    setImmediate(() => {
      this.#deadline = undefined;
    }).unref();
    return performance.now() + this.#deps.timeoutMs;
  }

  #drainForExit(pipeline: Pipeline): ExitRequestFactory[] {
    try {
      return pipeline.drainForExit();
    } catch (error) {
      const { diagnostics } = this.#deps;
      diagnostics.error("lifecycle", `queued telemetry could not be sent: ${String(error)}`);
      return [];
    }
  }
}
