import { isObject } from "./readable-error.ts";
import type { ErrorSlot } from "../context/unit-views.ts";

/** Maximum number of thrown primitives that are remembered per unit of work. */
const MAX_PRIMITIVES = 20;

/** Where and by whom an error is captured. */
export interface CapturePlace {
  readonly unit: ErrorSlot | undefined;
  /** Sentry's mechanism: the API, a framework, a logger, the process. */
  readonly source: string;
}

/**
 * Remembers which errors were captured. An error is captured once while it passes
 * through one unit of work and the units that contain it: a framework, a logger, the
 * process. A constant that three requests throw is captured three times.
 *
 * A thrown primitive has no identity. What another source has captured in the same unit
 * of work is taken for the same throw, what the same source has captured for another one:
 * a text that a timer throws twice, or that is captured by two calls.
 */
export class CaptureRegistry {
  readonly #objects = new WeakMap<object, CaptureEntry>();
  /** Captures of thrown primitives, by unit of work. */
  readonly #primitives = new WeakMap<ErrorSlot, Map<unknown, PrimitiveCapture>>();

  /**
   * Returns the id of the event; undefined if the error is to be captured. Outside a unit of work an
   * error object is captured only once.
   */
  eventIdOf(error: unknown, place: CapturePlace): string | undefined {
    if (!isObject(error)) return this.#eventIdOfPrimitive(error, place);
    const captures = this.#objects.get(error);
    if (captures === undefined) return undefined;
    const { unit } = place;
    if (unit === undefined || isStartedWithin(captures.lastUnit, unit)) return captures.id;
    return captures.idByUnit.get(unit);
  }

  /** Whether the error was captured in any unit of work. */
  has(error: unknown): boolean {
    return isObject(error) && this.#objects.has(error);
  }

  add(error: unknown, place: CapturePlace, id: string): void {
    if (isObject(error)) this.#addObject(error, place.unit, id);
    else this.#addPrimitive(error, place, id);
  }

  #addObject(error: object, unit: ErrorSlot | undefined, id: string): void {
    const { idByUnit = new WeakMap<ErrorSlot, string>() } = this.#objects.get(error) ?? {};
    if (unit !== undefined) idByUnit.set(unit, id);
    this.#objects.set(error, { id, lastUnit: unit && new WeakRef(unit), idByUnit });
  }

  #eventIdOfPrimitive(value: unknown, { unit, source }: CapturePlace): string | undefined {
    const capture = unit && this.#primitives.get(unit)?.get(value);
    if (capture === undefined || capture.sources.has(source)) return undefined;
    capture.sources.add(source);
    return capture.id;
  }

  /** Adds it to the units that the throw may reach, too. */
  #addPrimitive(value: unknown, { unit, source }: CapturePlace, id: string): void {
    const capture = { id, sources: new Set([source]) };
    for (let reached = unit; reached !== undefined; reached = reached.startedByUnit()) {
      const captures = this.#primitives.get(reached) ?? new Map<unknown, PrimitiveCapture>();
      if (captures.size < MAX_PRIMITIVES || captures.has(value)) captures.set(value, capture);
      this.#primitives.set(reached, captures);
    }
  }
}

interface CaptureEntry {
  /** Id of the last event. */
  readonly id: string;
  /** Unit of work of the last event. */
  readonly lastUnit: WeakRef<ErrorSlot> | undefined;
  readonly idByUnit: WeakMap<ErrorSlot, string>;
}

interface PrimitiveCapture {
  readonly id: string;
  /** The sources that the throw has passed. */
  readonly sources: Set<string>;
}

/** Whether the unit was started within `outer`, which its error may have reached. */
function isStartedWithin(unit: WeakRef<ErrorSlot> | undefined, outer: ErrorSlot): boolean {
  for (let inner = unit?.deref(); inner !== undefined; inner = inner.startedByUnit()) {
    if (inner === outer) return true;
  }
  return false;
}

/** Removes Sentry's flag from an error that fails another unit of work, where it is captured again. */
export function clearCapturedMark(exception: object): void {
  try {
    Reflect.deleteProperty(exception, "__sentry_captured__");
  } catch {
    // The error is a proxy, which has no flag either.
  }
}
