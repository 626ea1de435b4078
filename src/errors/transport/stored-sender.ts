import type { Spool } from "../spool/spool.ts";
import type { StoredCategory } from "../spool/stored-file.ts";
import { EnvelopeRequest } from "./envelope-request.ts";

export interface StoredSenderDeps {
  readonly spool: Spool;
  /** Whether an envelope may be sent now. */
  readonly canSend: () => boolean;
  /** Whether Sentry takes envelopes, by the latest result of one. */
  readonly isAvailable: () => boolean;
  /** Rest of the pause that Sentry asked for, in milliseconds; 0 or less without one. */
  readonly pauseMs: (category: StoredCategory) => number;
  readonly send: (request: EnvelopeRequest) => void;
}

/**
 * Sends the stored envelopes, the oldest first, and none of a category that is paused.
 * The first envelope of a process, or after a failure, is a report without losses: an
 * event in flight at process exit would be lost during an outage, or else be sent again.
 */
export class StoredSender {
  readonly #deps: StoredSenderDeps;
  #isReading = false;
  #isProbing = false;
  #resumeTimer: NodeJS.Timeout | undefined = undefined;

  constructor(deps: StoredSenderDeps) {
    this.#deps = deps;
    deps.spool.start(() => void this.resume());
  }

  /** Sends as many as possible. Called when something has changed. */
  async resume(): Promise<void> {
    const { spool, canSend, isAvailable, pauseMs, send } = this.#deps;
    if (this.#isReading || !spool.hasWaiting) return;
    if (!isAvailable()) {
      if (canSend()) this.#probe();
      return;
    }
    this.#isReading = true;
    while (canSend()) {
      const entry = await spool.next((category) => pauseMs(category) <= 0);
      if (entry === undefined) {
        this.#resumeAfterPause();
        break;
      }
      send(EnvelopeRequest.ofStored(entry));
    }
    this.#isReading = false;
  }

  /** Sends a probe, whose result resumes or pauses the transport. */
  #probe(): void {
    if (this.#isProbing) return;
    this.#isProbing = true;
    const request = EnvelopeRequest.ofProbe();
    void request.done.then(() => {
      this.#isProbing = false;
    });
    this.#deps.send(request);
  }

  /** Resumes if an envelope waits, also if its pause has ended since it was looked at. */
  #resumeAfterPause(): void {
    if (!this.#deps.spool.hasWaiting || this.#resumeTimer !== undefined) return;
    const ms = Math.max(this.#deps.pauseMs("error"), this.#deps.pauseMs("feedback"), 1);
    this.#resumeTimer = setTimeout(() => {
      this.#resumeTimer = undefined;
      void this.resume();
    }, ms).unref();
  }
}
