import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { UnitSummary, ViewerEvent } from "../../../model.ts";
import { fetchUnits } from "../../state/api.ts";
import { apiQuery, comparator, type ListQuery, matches } from "./filter.ts";

/*
 * The rows of the list: pages of the server, loaded as they are scrolled to, and the units
 * of events. While the list is paused events are kept back.
 */

const PAGE_SIZE = 500;

/** Rows that are kept at most; older ones are loaded again when they are scrolled to. */
const MAX_ROWS = 20_000;

/** A filter that only the server can apply is asked again at most this often. */
const RELOAD_MS = 1_000;

const empty: ListQuery = { filter: {}, sort: { key: "start", order: "desc" } };

export const rows: Signal<readonly UnitSummary[]> = signal([]);
/** Number of units on the server that match. */
export const total: Signal<number> = signal(0);
export const state: Signal<"loading" | "ready" | "failed"> = signal("loading");
export const failure: Signal<string> = signal("");
export const isPaused: Signal<boolean> = signal(false);

/** The row that is selected, and to which Escape returns from a request. */
export const selectedId: Signal<string | undefined> = signal(undefined);

const kept: Signal<readonly ViewerEvent[]> = signal([]);
/** Number of units that came while the list was paused. */
export const keptUnits: ReadonlySignal<number> = computed(
  () => new Set(kept.value.map((event) => (event.type === "unit" ? event.unit.id : ""))).size,
);

const byId = new Map<string, UnitSummary>();
let current: ListQuery = empty;
let cursor: string | undefined;
let generation = 0;
let isLoadingMore = false;
let reload: ReturnType<typeof setTimeout> | undefined;

/** Loads the first page of a query. */
export async function loadUnits(query: ListQuery): Promise<void> {
  current = query;
  const own = (generation += 1);
  hideOthers();
  if (byId.size === 0) state.value = "loading";
  try {
    const page = await fetchUnits({ ...apiQuery(query), limit: PAGE_SIZE });
    if (own !== generation) return;
    byId.clear();
    for (const unit of page.items) byId.set(unit.id, unit);
    cursor = page.next;
    total.value = page.total;
    state.value = "ready";
    showRows();
  } catch (error) {
    if (own !== generation) return;
    failure.value = error instanceof Error ? error.message : String(error);
    state.value = "failed";
  }
}

/** Shows what is known to match, until the server has answered. */
function hideOthers(): void {
  for (const unit of byId.values()) if (!matches(unit, current.filter)) byId.delete(unit.id);
  showRows();
}

/** Loads the next page. */
export async function loadMore(): Promise<void> {
  if (cursor === undefined || isLoadingMore) return;
  isLoadingMore = true;
  const own = generation;
  try {
    const page = await fetchUnits({ ...apiQuery(current), limit: PAGE_SIZE, cursor });
    if (own !== generation) return;
    for (const unit of page.items) byId.set(unit.id, unit);
    cursor = page.next;
    total.value = page.total;
    showRows();
  } catch {
    // The next scroll tries again.
  } finally {
    isLoadingMore = false;
  }
}

export function togglePause(): void {
  isPaused.value = !isPaused.value;
  if (isPaused.value) return;
  const events = kept.value;
  kept.value = [];
  applyEvents(events);
}

export function applyEvents(events: readonly ViewerEvent[]): void {
  if (isPaused.value) {
    kept.value = [...kept.value, ...events.filter(({ type }) => type !== "log")];
    return;
  }
  if (current.filter.attribute !== undefined || current.filter.run !== undefined) {
    if (events.some(({ type }) => type === "unit")) scheduleReload();
    return;
  }
  if (events.filter(applyEvent).length > 0) showRows();
}

/** @returns whether the rows changed. */
function applyEvent(event: ViewerEvent): boolean {
  if (event.type === "unit") return applyUnit(event.unit);
  if (event.type === "removed") return event.ids.filter((id) => remove(id)).length > 0;
  if (event.type !== "cleared") return false;
  void loadUnits(current);
  return false;
}

function applyUnit(unit: UnitSummary): boolean {
  if (!matches(unit, current.filter)) return remove(unit.id);
  if (!byId.has(unit.id)) total.value += 1;
  byId.set(unit.id, unit);
  return true;
}

function remove(id: string): boolean {
  const wasThere = byId.delete(id);
  if (wasThere) total.value -= 1;
  return wasThere;
}

function scheduleReload(): void {
  reload ??= setTimeout(() => {
    reload = undefined;
    void loadUnits(current);
  }, RELOAD_MS);
}

function showRows(): void {
  const sorted = [...byId.values()].toSorted(comparator(current.sort));
  for (const unit of sorted.splice(MAX_ROWS)) byId.delete(unit.id);
  rows.value = sorted;
}
