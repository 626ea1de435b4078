import type { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";

/** One line when Sentry stops taking events, and one, with what was lost, when it takes them again. */
export class SentryExportLog {
  readonly #host: string;
  readonly #counters: SignalCounters;
  readonly #diagnostics: Diagnostics;
  /** What was lost before the outage; undefined while there is none. */
  #lostBefore: number | undefined = undefined;

  constructor(host: string, counters: SignalCounters, diagnostics: Diagnostics) {
    this.#host = host;
    this.#counters = counters;
    this.#diagnostics = diagnostics;
  }

  /**
   * @param text goes on with "Sentry at the host".
   * @param events that this loss has counted already.
   */
  failed(key: string, text: string, events = 0): void {
    if (this.#lostBefore !== undefined) return;
    this.#lostBefore = lostCount(this.#counters) - events;
    this.#diagnostics.warn(`errors.${key}`, `Sentry at ${this.#host} ${text}`);
  }

  recovered(): void {
    if (this.#lostBefore === undefined) return;
    const lost = lostCount(this.#counters) - this.#lostBefore;
    this.#lostBefore = undefined;
    this.#diagnostics.info(
      "errors.again",
      `Sentry at ${this.#host} takes events again; ${lost} were lost meanwhile`,
    );
  }
}

function lostCount({ dropped }: SignalCounters): number {
  return dropped.rejected + dropped.failed + dropped.queue_full;
}
