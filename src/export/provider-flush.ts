import { propertyOf } from "../property.ts";
import { MAX_TIMER_MS } from "./delay.ts";

export interface ProviderFlushDeps {
  /** Exports what is queued; resolves when that is done or the time is over. Never rejects. */
  readonly flush: (timeoutMs: number) => Promise<void>;
  /** Stops accepting items. Called once, before the last flush. */
  readonly onShutdown?: () => void;
  /** Called once, after the last flush. */
  readonly onShutdownComplete?: () => void;
  /** Default time limit of a flush, in milliseconds. */
  readonly timeoutMs: number;
}

/** Options of the SDK's providers since 2.0. */
export interface FlushOptions {
  readonly timeoutMillis?: number;
}

/**
 * Implements `forceFlush` and `shutdown` of the providers of all three signals
 * (specification, trace/sdk.md, metrics/sdk.md, logs/sdk.md).
 *
 * Both always resolve: an unavailable collector is counted and logged, and an
 * unhandled rejection would end the app. Items that a shutdown could not send in
 * time stay queued until process exit.
 */
export class ProviderFlush {
  readonly #deps: ProviderFlushDeps;
  #shutdownPromise: Promise<void> | undefined = undefined;

  constructor(deps: ProviderFlushDeps) {
    this.#deps = deps;
  }

  get isShutDown(): boolean {
    return this.#shutdownPromise !== undefined;
  }

  async forceFlush(options?: FlushOptions): Promise<void> {
    if (!this.isShutDown) await this.#deps.flush(this.#timeoutMs(options));
  }

  /** Returns the same promise at every call. */
  shutdown(options?: FlushOptions): Promise<void> {
    this.#shutdownPromise ??= this.#runShutdown(options);
    return this.#shutdownPromise;
  }

  async #runShutdown(options: FlushOptions | undefined): Promise<void> {
    const { flush, onShutdown, onShutdownComplete } = this.#deps;
    onShutdown?.();
    await flush(this.#timeoutMs(options));
    onShutdownComplete?.();
  }

  #timeoutMs(options: unknown): number {
    const given = propertyOf(options, "timeoutMillis");
    return typeof given === "number" && given >= 0 && given <= MAX_TIMER_MS
      ? given
      : this.#deps.timeoutMs;
  }
}

/** For a provider that has nothing to export. */
export const noopFlush: ProviderFlushDeps = { flush: async () => {}, timeoutMs: 0 };
