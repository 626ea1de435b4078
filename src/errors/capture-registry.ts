import { isObject } from "./readable-error.ts";
import type { ErrorSlot } from "../context/unit-views.ts";

/** Maximum number of thrown primitives that are remembered per unit of work. */
const MAX_PRIMITIVES = 20;

/**
 * Remembers which errors were captured. An error is captured once while it passes
 * through one unit of work and the units that contain it: a framework, a logger, the
 * process. A constant that three requests throw is captured three times.
 */
export class CaptureRegistry {
  readonly #objects = new WeakMap<object, CaptureEntry>();
  /** Event ids of thrown primitives, by unit of work in progress. */
  readonly #primitives = new WeakMap<ErrorSlot, Map<unknown, string>>();

  /** Returns the id of the event; undefined before the first capture. Outside a unit of work an error is captured only once. */
  eventIdOf(error: unknown, unit: ErrorSlot | undefined): string | undefined {
    if (!isObject(error)) return unit && this.#primitives.get(unit)?.get(error);
    const captures = this.#objects.get(error);
    if (captures === undefined) return undefined;
    if (unit === undefined || isStartedWithin(captures.lastUnit, unit)) return captures.id;
    return captures.idByUnit.get(unit);
  }

  /** Whether the error was captured in any unit of work. */
  has(error: unknown): boolean {
    return isObject(error) && this.#objects.has(error);
  }

  add(error: unknown, unit: ErrorSlot | undefined, id: string): void {
    if (isObject(error)) this.#addObject(error, unit, id);
    else if (unit !== undefined && !unit.ended) this.#addPrimitive(error, unit, id);
  }

  #addObject(error: object, unit: ErrorSlot | undefined, id: string): void {
    const { idByUnit = new WeakMap<ErrorSlot, string>() } = this.#objects.get(error) ?? {};
    if (unit !== undefined) idByUnit.set(unit, id);
    this.#objects.set(error, { id, lastUnit: unit && new WeakRef(unit), idByUnit });
  }

  #addPrimitive(value: unknown, unit: ErrorSlot, id: string): void {
    const ids = this.#primitives.get(unit) ?? new Map<unknown, string>();
    if (ids.size < MAX_PRIMITIVES) ids.set(value, id);
    this.#primitives.set(unit, ids);
  }
}

interface CaptureEntry {
  /** Id of the last event. */
  readonly id: string;
  /** Unit of work of the last event. */
  readonly lastUnit: WeakRef<ErrorSlot> | undefined;
  readonly idByUnit: WeakMap<ErrorSlot, string>;
}

/** Whether the unit was started within `outer`, which its error may have reached. */
function isStartedWithin(unit: WeakRef<ErrorSlot> | undefined, outer: ErrorSlot): boolean {
  for (let inner = unit?.deref(); inner !== undefined; inner = inner.startedByUnit()) {
    if (inner === outer) return true;
  }
  return false;
}
