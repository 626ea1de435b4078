import type { WatchedUnit } from "../context/unit-views.ts";
import { workName } from "./work-name.ts";

/** What samples of a request, message or job have as labels. */
export interface WorkLabels {
  readonly traceId: string;
  readonly spanId: string;
  /** `GET /orders/:id`, or the name of the job; as far as it is known. */
  readonly name: string;
}

/** The labels of a unit of work, which they retain no longer than it lasts. */
export class UnitLabels implements WorkLabels {
  readonly traceId: string;
  readonly spanId: string;
  #unit: WatchedUnit | undefined;
  #name = "";

  private constructor(unit: WatchedUnit, traceId: string, spanId: string) {
    this.traceId = traceId;
    this.spanId = spanId;
    this.#unit = unit;
    unit.onEnded(() => {
      this.#name = workName(unit);
      this.#unit = undefined;
    });
  }

  /** Returns undefined for a unit without a span. */
  static of(unit: WatchedUnit): UnitLabels | undefined {
    const ids = unit.span?.spanContext();
    return ids && new UnitLabels(unit, ids.traceId, ids.spanId);
  }

  get name(): string {
    return this.#unit === undefined ? this.#name : workName(this.#unit);
  }
}
