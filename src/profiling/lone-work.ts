import type { WatchedUnit, WorkObserver } from "../context/unit-views.ts";

/** Knows the unit of work that is the only one in flight. */
export class LoneWork implements WorkObserver {
  readonly #inFlight = new Set<WatchedUnit>();
  readonly #onChange: () => void;

  /** @param onChange called when another, or none, may be the only one. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Undefined: there is none in flight, or several. */
  get unit(): WatchedUnit | undefined {
    const [only] = this.#inFlight.size === 1 ? this.#inFlight : [];
    return only;
  }

  arriving(): void {}

  started(unit: WatchedUnit): void {
    this.#inFlight.add(unit);
    unit.onEnded(() => {
      this.#inFlight.delete(unit);
      this.#onChange();
    });
    this.#onChange();
  }
}
