import type { StoreInstrument } from "../meter.ts";
import { type ObservedSeries, UpDownCounterSeries } from "../series.ts";

/** The series are compared this often within the time after which they expire. */
const CHECKS = 8;

/** What was found at the latest check at which a series had changed. */
interface Activity {
  readonly count: number;
  readonly at: number;
}

/**
 * Removes the series of all instruments that had no measurement for a time. It compares
 * them when a reader collects, so that recording costs nothing.
 */
export class SeriesExpiry {
  readonly #expireMs: number;
  readonly #activities = new WeakMap<object, Activity>();
  #checkedAt = -Infinity;

  constructor(expireMs: number) {
    this.#expireMs = expireMs;
  }

  /** @param now in milliseconds of a monotonic clock. */
  removeUnused(instruments: Iterable<StoreInstrument>, now: number): void {
    if (now - this.#checkedAt < this.#expireMs / CHECKS) return;
    this.#checkedAt = now;
    for (const { table } of instruments)
      table.removeIf((series: MeasuredSeries) => this.#isUnused(series, now));
  }

  #isUnused(series: MeasuredSeries, now: number): boolean {
    const count = measurements(series);
    const before = this.#activities.get(series);
    if (before === undefined || before.count !== count) {
      this.#activities.set(series, { count, at: now });
      return false;
    }
    return now - before.at >= this.#expireMs && !isLevel(series);
  }
}

interface MeasuredSeries {
  readonly value?: unknown;
  readonly count?: number;
}

/** Returns a number that differs after a measurement: a count, the round of an observation, or a sum. */
function measurements(series: MeasuredSeries): number {
  return series.count ?? (series as Partial<ObservedSeries>).round ?? Number(series.value);
}

/** Whether a series is an up-down counter that is not at zero: a new one could not continue it. */
function isLevel(series: MeasuredSeries): boolean {
  return series instanceof UpDownCounterSeries && series.value !== 0;
}
