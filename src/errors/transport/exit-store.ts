import type { Spool } from "../spool/spool.ts";
import type { StoredFile } from "../spool/stored-file.ts";
import type { EnvelopeRequest } from "./envelope-request.ts";

/**
 * Stores the events of one process exit. They are stored before they are sent, and
 * deleted when Sentry has them: the process may be killed in between.
 */
export class ExitStore {
  readonly #spool: Spool | undefined;
  /** By `performance.now()`. */
  readonly #deadline: number;
  #remaining = 0;

  constructor(spool: Spool | undefined, timeoutMs: number) {
    this.#spool = spool;
    this.#deadline = performance.now() + timeoutMs;
  }

  /** Returns undefined if the envelope is not stored. */
  store({ storable }: EnvelopeRequest): StoredFile | undefined {
    if (storable === undefined || performance.now() >= this.#deadline) return undefined;
    return this.#spool?.storeSync(storable);
  }

  /** Leaves the stored events to other processes after as many results. */
  expect(results: number): void {
    this.#remaining = results;
    if (results === 0) this.#spool?.abandonSync();
  }

  /** @param isDone whether Sentry has accepted or rejected the envelope. */
  onResult(file: StoredFile | undefined, isDone: boolean): void {
    if (file !== undefined && isDone) this.#spool?.removeSync(file);
    else if (file !== undefined) this.#spool?.putBack(file);
    if (--this.#remaining === 0) this.#spool?.abandonSync();
  }
}
