const SLOT_MS = 10_000;
const SLOTS = 30;

const COUNTS = ["requests", "errors4xx", "errors5xx", "failed", "rateLimitHits"] as const;

/** Counts of requests. `failed` are those with a status of the 500s or with an error. */
export type Counts = Record<(typeof COUNTS)[number], number>;

export function noCounts(): Counts {
  return { requests: 0, errors4xx: 0, errors5xx: 0, failed: 0, rateLimitHits: 0 };
}

/** Counts of the last five minutes, in slots of ten seconds. */
export class RollingCounts {
  readonly #slots: { since: number; counts: Counts }[] = [];

  /**
   * Returns the counts of now, to be added to.
   *
   * @param at milliseconds on the monotonic clock
   */
  countsAt(at: number): Counts {
    const since = Math.floor(at / SLOT_MS);
    const index = since % SLOTS;
    const slot = this.#slots[index];
    if (slot?.since === since) return slot.counts;
    const counts = noCounts();
    this.#slots[index] = { since, counts };
    return counts;
  }

  /** Returns the sums of the window that ends at `at`. */
  sumAt(at: number): Counts {
    const oldest = Math.floor(at / SLOT_MS) - SLOTS;
    const sum = noCounts();
    for (const slot of this.#slots) {
      if (slot === undefined || slot.since <= oldest) continue;
      for (const name of COUNTS) sum[name] += slot.counts[name];
    }
    return sum;
  }
}
