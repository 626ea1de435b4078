import { now } from "../clock.ts";
import type { WatchedUnit, WorkObserver } from "../context/unit-views.ts";
import { workName } from "./work-name.ts";

/** What samples of a request, message or job have as labels. */
export interface WorkLabels {
  readonly traceId: string;
  readonly spanId: string;
  /** `GET /orders/:id`, or the name of the job; as far as it is known. */
  name: string;
}

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
  readonly #inFlight = new Set<WatchedUnit>();
  /** Labels of work that was the only one since the start of the recording, and is in flight. */
  readonly #labels = new Map<WatchedUnit, WorkLabels>();
  /** Undefined: nothing is recorded. */
  #changes: Change[] | undefined = undefined;

  arriving(): void {}

  started(unit: WatchedUnit): void {
    this.#inFlight.add(unit);
    unit.onEnded(() => this.#ended(unit));
    this.#note();
  }

  start(): void {
    this.#changes = [];
    this.#note();
  }

  /** Ends the recording. */
  stop(): RecordedWork {
    for (const [unit, labels] of this.#labels) labels.name = workName(unit);
    const changes = this.#changes ?? [];
    this.#changes = undefined;
    this.#labels.clear();
    return new RecordedWork(changes);
  }

  #ended(unit: WatchedUnit): void {
    this.#inFlight.delete(unit);
    const labels = this.#labels.get(unit);
    if (labels !== undefined) {
      labels.name = workName(unit);
      this.#labels.delete(unit);
    }
    this.#note();
  }

  #note(): void {
    const changes = this.#changes;
    if (changes === undefined) return;
    if (changes.length >= MAX_CHANGES) {
      if (changes.at(-1)?.work !== undefined) changes.push({ at: now(), work: undefined });
      return;
    }
    const [only] = this.#inFlight.size === 1 ? this.#inFlight : [];
    const work = only && this.#labelsOf(only);
    if (work !== changes.at(-1)?.work) changes.push({ at: now(), work });
  }

  #labelsOf(unit: WatchedUnit): WorkLabels | undefined {
    const known = this.#labels.get(unit);
    if (known !== undefined) return known;
    const ids = unit.span?.spanContext();
    if (ids === undefined) return undefined;
    const labels = { traceId: ids.traceId, spanId: ids.spanId, name: "" };
    this.#labels.set(unit, labels);
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
