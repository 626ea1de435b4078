import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";

/** A log record that is built when it is read. */
export interface LazyLogRecord {
  toRecord(): ReadableLogRecord;
}

/** A log line, or the span of an outgoing call or a query, which may not have ended. */
export type TrailItem = LazyLogRecord | ReadableSpan;

/** Sentry's own limit for the breadcrumbs of an event. */
export const MAX_BREADCRUMBS = 100;

/**
 * The latest steps of a unit of work, of which breadcrumbs are made if an error is
 * captured. It only references what exists for other purposes, since nearly no request
 * has an error.
 */
export class BreadcrumbTrail {
  readonly #items: TrailItem[];
  /** Index of the oldest item, once the trail is full. */
  #oldest: number;

  constructor(items: TrailItem[] = [], oldest = 0) {
    this.#items = items;
    this.#oldest = oldest;
  }

  /** Adds an item, which replaces the oldest one if the trail is full. */
  add(item: TrailItem): void {
    const items = this.#items;
    if (items.length < MAX_BREADCRUMBS) {
      items.push(item);
      return;
    }
    items[this.#oldest] = item;
    this.#oldest = (this.#oldest + 1) % MAX_BREADCRUMBS;
  }

  /** Returns the items in the order of their addition. */
  items(): readonly TrailItem[] {
    const items = this.#items;
    return [...items.slice(this.#oldest), ...items.slice(0, this.#oldest)];
  }

  copy(): BreadcrumbTrail {
    return new BreadcrumbTrail([...this.#items], this.#oldest);
  }
}

/** A unit of work or an isolated part of it, as the place of a trail. */
export interface TrailSlot {
  trail: BreadcrumbTrail | undefined;
}

/** The trail outside of units of work. */
export const processTrail: TrailSlot = { trail: undefined };

/**
 * Adds an item to the trail of a unit of work, or of an isolated part.
 *
 * @param slot undefined outside of both.
 */
export function addToTrail(slot: TrailSlot | undefined, item: TrailItem): void {
  const place = slot ?? processTrail;
  (place.trail ??= new BreadcrumbTrail()).add(item);
}
