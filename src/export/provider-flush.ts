import { propertyOf } from "../property.ts";

export interface ProviderFlushDeps {
  /** Sends what is queued; resolves when it is gone or the time is over. Never rejects. */
  readonly flush: (timeoutMs: number) => Promise<void>;
  /** From now on nothing more is taken. Called once, before the last flush. */
  readonly onShutdown?: () => void;
  /** Called once, after the last flush. */
  readonly onShutdownComplete?: () => void;
  /** How long a flush may take whose caller sets no limit, in milliseconds. */
  readonly timeoutMs: number;
}

/** What the SDK's providers take since 2.0. */
export interface FlushOptions {
  readonly timeoutMillis?: number;
}

/**
 * `forceFlush` and `shutdown` of a provider, the same for all three signals
 * (specification, trace/sdk.md, metrics/sdk.md, logs/sdk.md).
 *
 * Both always resolve: a collector that is away is counted and said on stderr,
 * and a promise that nobody awaits must not end the app by its rejection. What a
 * shutdown couldn't send in time stays queued, for the end of the process.
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

  /** Asked again, it gives the same promise. */
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
    return typeof given === "number" && given >= 0 && given < MAX_TIMER_MS
      ? given
      : this.#deps.timeoutMs;
  }
}

/** A timer of Node's with more than this runs at once. */
const MAX_TIMER_MS = 2 ** 31;

/** Of a provider that has nothing to send. */
export const noopFlush: ProviderFlushDeps = { flush: async () => {}, timeoutMs: 0 };
