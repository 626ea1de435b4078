import type { ErrorSlot } from "../context/unit-views.ts";

/** More texts than this that one unit of work throws are events each time. */
const MAX_PRIMITIVES = 20;

/**
 * Which errors are events already. The same error is one event as long as it
 * passes through one unit of work, and what that has started or ended in: a
 * framework, a logger, the process. A constant that three requests throw is
 * three failures.
 */
export class CaptureRegistry {
  readonly #objects = new WeakMap<object, CaptureEntry>();
  /** Texts and the like, of units of work that are under way. */
  readonly #primitives = new WeakMap<ErrorSlot, Map<unknown, string>>();

  /** The event's id, undefined if there is none yet. Outside of any work an error is the same for good. */
  eventIdOf(error: unknown, unit: ErrorSlot | undefined): string | undefined {
    if (!isObject(error)) return unit && this.#primitives.get(unit)?.get(error);
    const captures = this.#objects.get(error);
    if (captures === undefined) return undefined;
    if (unit === undefined || isStartedWithin(captures.lastUnit, unit)) return captures.id;
    return captures.idByUnit.get(unit);
  }

  /** Whether it is an event of any work. */
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
  /** Of the last event, and the work that it is of. */
  readonly id: string;
  readonly lastUnit: WeakRef<ErrorSlot> | undefined;
  readonly idByUnit: WeakMap<ErrorSlot, string>;
}

/** Whether the work was started in `outer`, which its error may then have reached. */
function isStartedWithin(unit: WeakRef<ErrorSlot> | undefined, outer: ErrorSlot): boolean {
  for (let inner = unit?.deref(); inner !== undefined; inner = inner.startedByUnit()) {
    if (inner === outer) return true;
  }
  return false;
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
