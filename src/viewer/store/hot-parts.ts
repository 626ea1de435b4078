import type { TracePart } from "./trace-part.ts";

/** Spans and log records whose trees are in memory, beside those that are not written yet. */
const MAX_ITEMS = 20_000;

/** The parts of traces in memory, with the one that changed last at the end. */
export class HotParts {
  readonly #byId = new Map<string, TracePart>();
  /** The part of each trace that takes further items. */
  readonly #lastOfTrace = new Map<string, TracePart>();

  get(id: string): TracePart | undefined {
    return this.#byId.get(id);
  }

  lastOf(traceId: string): TracePart | undefined {
    return this.#lastOfTrace.get(traceId);
  }

  all(): Iterable<TracePart> {
    return this.#byId.values();
  }

  /** Adds a part, or puts it at the end. */
  touch(part: TracePart): void {
    this.#byId.delete(part.id);
    this.#byId.set(part.id, part);
    this.#lastOfTrace.set(part.traceId, part);
  }

  delete(part: TracePart): void {
    this.#byId.delete(part.id);
    if (this.#lastOfTrace.get(part.traceId) === part) this.#lastOfTrace.delete(part.traceId);
  }

  /** Drops the oldest parts that are written. */
  trim(isIdle: (part: TracePart) => boolean): void {
    let items = 0;
    for (const { tree } of this.#byId.values()) items += tree.size + tree.logCount;
    for (const part of this.#byId.values()) {
      if (items <= MAX_ITEMS) return;
      if (!isIdle(part)) continue;
      items -= part.tree.size + part.tree.logCount;
      this.delete(part);
    }
  }
}
