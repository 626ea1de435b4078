import type { Spool } from "../spool/spool.ts";
import type { StoredCategory } from "../spool/stored-file.ts";
import { EnvelopeRequest } from "./envelope-request.ts";

export interface StoredSenderDeps {
  readonly spool: Spool;
  /** Whether an envelope may be sent now. */
  readonly canSend: () => boolean;
  /** Rest of the pause that Sentry asked for, in milliseconds; 0 or less without one. */
  readonly pauseMs: (category: StoredCategory) => number;
  readonly send: (request: EnvelopeRequest) => void;
}

/** Sends the stored envelopes, the oldest first, and none of a category that is paused. */
export class StoredSender {
  readonly #deps: StoredSenderDeps;
  #isReading = false;
  #resumeTimer: NodeJS.Timeout | undefined = undefined;

  constructor(deps: StoredSenderDeps) {
    this.#deps = deps;
    deps.spool.start(() => void this.resume());
  }

  /** Sends as many as possible. Called when something has changed. */
  async resume(): Promise<void> {
    const { spool, canSend, pauseMs, send } = this.#deps;
    if (this.#isReading || !spool.hasWaiting) return;
    this.#isReading = true;
    try {
      while (canSend()) {
        const entry = await spool.next((category) => pauseMs(category) <= 0);
        if (entry === undefined) break;
        send(EnvelopeRequest.ofStored(entry));
      }
    } finally {
      this.#isReading = false;
    }
    if (spool.hasWaiting) this.#resumeAfterPause();
  }

  #resumeAfterPause(): void {
    const ms = Math.max(this.#deps.pauseMs("error"), this.#deps.pauseMs("feedback"));
    if (ms <= 0 || this.#resumeTimer !== undefined) return;
    this.#resumeTimer = setTimeout(() => {
      this.#resumeTimer = undefined;
      void this.resume();
    }, ms).unref();
  }
}
