import { now } from "../clock.ts";
import type { WatchedUnit, WorkObserver } from "../context/unit-views.ts";
import { LoneWork } from "./lone-work.ts";
import { UnitLabels, type WorkLabels } from "./unit-labels.ts";

/** From this time on the work is the only one in flight; undefined: there is none, or several. */
interface Change {
  /** Milliseconds on the monotonic clock. */
  readonly at: number;
  readonly work: WorkLabels | undefined;
}

/** More changes of one recording are not kept: what follows them has no labels. */
const MAX_CHANGES = 200_000;

/**
 * The times of a recording in which a single request, message or job was in flight. V8
 * does not know whose code it samples; in these times it can only be that one's, or no
 * one's.
 */
export class WorkTimeline implements WorkObserver {
  readonly #work = new LoneWork(() => this.#note());
  /** Labels of work that was the only one since the start of the recording. */
  #labels = new WeakMap<WatchedUnit, UnitLabels>();
  /** Undefined: nothing is recorded. */
  #changes: Change[] | undefined = undefined;

  arriving(): void {}

  started(unit: WatchedUnit): void {
    this.#work.started(unit);
  }

  start(): void {
    this.#changes = [];
    this.#note();
  }

  /** Ends the recording. */
  stop(): RecordedWork {
    const changes = this.#changes ?? [];
    this.#changes = undefined;
    this.#labels = new WeakMap();
    return new RecordedWork(changes);
  }

  #note(): void {
    const changes = this.#changes;
    if (changes === undefined) return;
    if (changes.length >= MAX_CHANGES) {
      if (changes.at(-1)?.work !== undefined) changes.push({ at: now(), work: undefined });
      return;
    }
    const { unit } = this.#work;
    const work = unit && this.#labelsOf(unit);
    if (work !== changes.at(-1)?.work) changes.push({ at: now(), work });
  }

  #labelsOf(unit: WatchedUnit): UnitLabels | undefined {
    const known = this.#labels.get(unit);
    if (known !== undefined) return known;
    const labels = UnitLabels.of(unit);
    if (labels !== undefined) this.#labels.set(unit, labels);
    return labels;
  }
}

/** The work of a recording, asked for in the order of time. */
export class RecordedWork {
  readonly #changes: readonly Change[];
  #next = 0;

  constructor(changes: readonly Change[]) {
    this.#changes = changes;
  }

  /**
   * Returns the work that was alone in flight. Times must not decrease from call to call.
   *
   * @param time in milliseconds on the monotonic clock
   */
  at(time: number): WorkLabels | undefined {
    while (this.#next < this.#changes.length && this.#changes[this.#next]!.at <= time) this.#next++;
    return this.#changes[this.#next - 1]?.work;
  }
}
