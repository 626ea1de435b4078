import { propertyOf } from "../property.ts";

export interface FlushParts {
  /** Sends what is queued; resolves when it is gone or the time is over. Never rejects. */
  readonly flush: (timeoutMs: number) => Promise<void>;
  /** From now on nothing more is taken. Called once, before the last flush. */
  readonly stop?: () => void;
  /** Called once, after the last flush. */
  readonly stopped?: () => void;
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
  readonly #parts: FlushParts;
  #shutdown: Promise<void> | undefined = undefined;

  constructor(parts: FlushParts) {
    this.#parts = parts;
  }

  get isShutDown(): boolean {
    return this.#shutdown !== undefined;
  }

  async forceFlush(options?: FlushOptions): Promise<void> {
    if (!this.isShutDown) await this.#parts.flush(this.#timeoutMs(options));
  }

  /** Asked again, it gives the same promise. */
  shutdown(options?: FlushOptions): Promise<void> {
    this.#shutdown ??= this.#end(options);
    return this.#shutdown;
  }

  async #end(options: FlushOptions | undefined): Promise<void> {
    const { flush, stop, stopped } = this.#parts;
    stop?.();
    await flush(this.#timeoutMs(options));
    stopped?.();
  }

  #timeoutMs(options: unknown): number {
    const given = propertyOf(options, "timeoutMillis");
    return typeof given === "number" && given >= 0 && given < MOST_MS
      ? given
      : this.#parts.timeoutMs;
  }
}

/** A timer of Node's with more than this runs at once. */
const MOST_MS = 2 ** 31;

/** Of a provider that has nothing to send. */
export const nothingToFlush: FlushParts = { flush: async () => {}, timeoutMs: 0 };
