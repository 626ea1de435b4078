import type { Holder } from "../context/holder.ts";

/** More texts than this that one unit of work throws are events each time. */
const MOST_TEXTS = 20;

/**
 * Which errors are events already. The same error is one event as long as it
 * passes through one unit of work, and what that has started or ended in: a
 * framework, a logger, the process. A constant that three requests throw is
 * three failures.
 */
export class Captured {
  readonly #objects = new WeakMap<object, Captures>();
  /** Texts and the like, of units of work that are under way. */
  readonly #texts = new WeakMap<Holder, Map<unknown, string>>();

  /** The event's id, undefined if there is none yet. Outside of any work an error is the same for good. */
  idOf(error: unknown, holder: Holder | undefined): string | undefined {
    if (!isObject(error)) return holder && this.#texts.get(holder)?.get(error);
    const captures = this.#objects.get(error);
    if (captures === undefined) return undefined;
    if (holder === undefined || isWithin(captures.last, holder)) return captures.id;
    return captures.byWork.get(holder);
  }

  /** Whether it is an event of any work. */
  has(error: unknown): boolean {
    return isObject(error) && this.#objects.has(error);
  }

  add(error: unknown, holder: Holder | undefined, id: string): void {
    if (isObject(error)) this.#addObject(error, holder, id);
    else if (holder !== undefined && !holder.ended) this.#addText(error, holder, id);
  }

  #addObject(error: object, holder: Holder | undefined, id: string): void {
    const { byWork = new WeakMap<Holder, string>() } = this.#objects.get(error) ?? {};
    if (holder !== undefined) byWork.set(holder, id);
    this.#objects.set(error, { id, last: holder && new WeakRef(holder), byWork });
  }

  #addText(text: unknown, holder: Holder, id: string): void {
    const texts = this.#texts.get(holder) ?? new Map<unknown, string>();
    if (texts.size < MOST_TEXTS) texts.set(text, id);
    this.#texts.set(holder, texts);
  }
}

interface Captures {
  /** Of the last event, and the work that it is of. */
  readonly id: string;
  readonly last: WeakRef<Holder> | undefined;
  readonly byWork: WeakMap<Holder, string>;
}

/** Whether the work was started in `outer`, which its error may then have reached. */
function isWithin(work: WeakRef<Holder> | undefined, outer: Holder): boolean {
  for (let inner = work?.deref(); inner !== undefined; inner = inner.startedInNow()) {
    if (inner === outer) return true;
  }
  return false;
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
