import type { Account } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";

/** One line when Sentry stops taking events, and one, with what was lost, when it takes them again. */
export class SentryOutage {
  readonly #host: string;
  readonly #account: Account;
  readonly #diagnostics: Diagnostics;
  /** What was lost before the outage; undefined while there is none. */
  #lostBefore: number | undefined = undefined;

  constructor(host: string, account: Account, diagnostics: Diagnostics) {
    this.#host = host;
    this.#account = account;
    this.#diagnostics = diagnostics;
  }

  /**
   * @param what goes on with "Sentry at the host".
   * @param events that this loss has counted already.
   */
  failed(key: string, what: string, events = 0): void {
    if (this.#lostBefore !== undefined) return;
    this.#lostBefore = lostIn(this.#account) - events;
    this.#diagnostics.warn(`errors.${key}`, `Sentry at ${this.#host} ${what}`);
  }

  worked(): void {
    if (this.#lostBefore === undefined) return;
    const lost = lostIn(this.#account) - this.#lostBefore;
    this.#lostBefore = undefined;
    this.#diagnostics.info(
      "errors.again",
      `Sentry at ${this.#host} takes events again; ${lost} were lost meanwhile`,
    );
  }
}

function lostIn({ dropped }: Account): number {
  return dropped.rejected + dropped.failed + dropped.queue_full;
}
