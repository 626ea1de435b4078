import { percentile, sortNumbers } from "../../percentile.ts";
import type { Page, RouteSummary, UnitSummary } from "../../model.ts";
import type { StoredUnit } from "../history/archive.ts";
import type { UnitQuery } from "../../viewer-store.ts";
import { type MatchFilter, unitMatcher } from "./unit-filter.ts";

export interface PageRequest {
  readonly limit: number;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

export interface IndexedUnit extends StoredUnit {
  readonly part: string;
}

const MIN_ID = 8;
const MAX_LIMIT = 1000;

/** The units of work of the history, by id, span, trace and run. */
export class UnitIndex {
  readonly #byId = new Map<string, IndexedUnit>();
  /** Ids by span and trace. */
  readonly #idOfSpan = new Map<string, string>();
  readonly #idsOfTrace = new Map<string, Set<string>>();
  readonly #countOfRun = new Map<string, number>();

  get size(): number {
    return this.#byId.size;
  }

  all(): Iterable<IndexedUnit> {
    return this.#byId.values();
  }

  countOfRun(run: string): number {
    return this.#countOfRun.get(run) ?? 0;
  }

  byId(id: string): IndexedUnit | undefined {
    return this.#byId.get(id);
  }

  bySpan(traceId: string, spanId: string): IndexedUnit | undefined {
    const id = this.#idOfSpan.get(`${traceId}${spanId}`);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /** @param id of the unit, of its root span, or of its trace, of which the first unit is returned. */
  find(id: string): IndexedUnit | undefined {
    const wanted = id.toLowerCase();
    const found = this.#byId.get(wanted);
    if (found !== undefined) return found;
    const ofTrace = this.#idsOfTrace.get(wanted);
    if (ofTrace !== undefined) return this.#outermost(ofTrace);
    if (wanted.length < MIN_ID) return undefined;
    for (const unit of this.#byId.values()) {
      if (unit.summary.spanId.startsWith(wanted)) return unit;
    }
    return undefined;
  }

  /** Returns an id for a root span: its first letters, as many as no other unit has. */
  newId(traceId: string, spanId: string): string {
    for (let length = MIN_ID; length <= spanId.length; length += 2) {
      const id = spanId.slice(0, length);
      if (!this.#byId.has(id)) return id;
    }
    return `${spanId}${traceId}`;
  }

  set(unit: IndexedUnit): void {
    const { id, traceId, spanId, run } = unit.summary;
    const known = this.#byId.get(id);
    if (known !== undefined) this.delete(id);
    this.#byId.set(id, unit);
    this.#idOfSpan.set(`${traceId}${spanId}`, id);
    const ids = this.#idsOfTrace.get(traceId) ?? new Set();
    this.#idsOfTrace.set(traceId, ids.add(id));
    this.#countOfRun.set(run, this.countOfRun(run) + 1);
  }

  delete(id: string): void {
    const unit = this.#byId.get(id);
    if (unit === undefined) return;
    const { traceId, spanId, run } = unit.summary;
    this.#byId.delete(id);
    this.#idOfSpan.delete(`${traceId}${spanId}`);
    const ids = this.#idsOfTrace.get(traceId);
    ids?.delete(id);
    if (ids?.size === 0) this.#idsOfTrace.delete(traceId);
    const count = this.countOfRun(run) - 1;
    if (count > 0) this.#countOfRun.set(run, count);
    else this.#countOfRun.delete(run);
  }

  matching(filter: MatchFilter): IndexedUnit[] {
    const matches = unitMatcher(filter);
    return [...this.#byId.values()].filter(matches);
  }

  page(filter: MatchFilter, query: UnitQuery): Page<UnitSummary> {
    const read = readers[query.sort ?? "start"];
    const sign = query.order === "asc" ? 1 : -1;
    const compare = (a: Position, b: Position): number =>
      sign * (a.value - b.value || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    const rows = this.matching(filter)
      .map(({ summary }) => ({ value: read(summary), id: summary.id, item: summary }))
      .toSorted(compare);
    return pageOf(rows, query, compare);
  }

  routes(filter: MatchFilter): RouteSummary[] {
    const groups = new Map<string, UnitSummary[]>();
    for (const { summary } of this.matching(filter)) {
      const key = JSON.stringify([summary.kind, summary.service, summary.name]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [summary]);
      else group.push(summary);
    }
    return Array.from(groups.values(), routeOf).toSorted((a, b) => b.lastStart - a.lastStart);
  }

  #outermost(ids: ReadonlySet<string>): IndexedUnit | undefined {
    const units = [...ids].flatMap((id) => this.#byId.get(id) ?? []);
    return units.toSorted((a, b) => a.summary.start - b.summary.start)[0];
  }
}

const readers: Readonly<Record<NonNullable<UnitQuery["sort"]>, (summary: UnitSummary) => number>> =
  {
    start: ({ start }) => start,
    duration: ({ durationMs }) => durationMs,
    queries: ({ counts }) => counts.queries,
    queryMs: ({ counts }) => counts.queryMs,
  };

/** Where an item is in a sorted list. */
export interface Position {
  readonly value: number;
  readonly id: string;
}

/** @param rows sorted by `compare` */
export function pageOf<Item>(
  rows: readonly (Position & { readonly item: Item })[],
  { limit, cursor }: PageRequest,
  compare: (a: Position, b: Position) => number,
): Page<Item> {
  const last = cursor === undefined ? undefined : parseCursor(cursor);
  const next = last === undefined ? 0 : rows.findIndex((row) => compare(row, last) > 0);
  const start = next === -1 ? rows.length : next;
  const end = start + Math.min(Math.max(1, Math.trunc(limit)), MAX_LIMIT);
  const shown = rows.slice(start, end);
  const lastShown = shown.at(-1);
  return {
    items: shown.map(({ item }) => item),
    total: rows.length,
    ...(end < rows.length && lastShown !== undefined && { next: cursorOf(lastShown) }),
  };
}

function cursorOf({ value, id }: Position): string {
  return `${value}_${id}`;
}

/** Returns undefined for a cursor that is none: the list starts again. */
function parseCursor(cursor: string): Position | undefined {
  const at = cursor.indexOf("_");
  const value = at > 0 ? Number(cursor.slice(0, at)) : Number.NaN;
  return Number.isFinite(value) ? { value, id: cursor.slice(at + 1) } : undefined;
}

function routeOf(units: readonly UnitSummary[]): RouteSummary {
  const [first] = units;
  if (first === undefined) throw new RangeError("a route without units of work");
  const durations = sortNumbers(units.map(({ durationMs }) => durationMs));
  const sum = (read: (unit: UnitSummary) => number): number =>
    units.reduce((total, unit) => total + read(unit), 0);
  return {
    name: first.name,
    kind: first.kind,
    service: first.service,
    count: units.length,
    failed: units.filter(({ failed }) => failed).length,
    p50Ms: percentile(durations, 0.5),
    p95Ms: percentile(durations, 0.95),
    maxMs: durations.at(-1) ?? 0,
    queries: sum(({ counts }) => counts.queries) / units.length,
    queryMs: sum(({ counts }) => counts.queryMs) / units.length,
    nPlusOne: units.filter(({ nPlusOne }) => nPlusOne).length,
    lastStart: Math.max(...units.map(({ start }) => start)),
  };
}
