import type { UnitSummary } from "../../../model.ts";

/** The filters of the list, by their names in the API and in the page's hash. */
export type FilterName =
  | ("text" | "name" | "status" | "min_ms" | "max_ms" | "attribute" | "service" | "run")
  | ("kind" | "errors" | "n1" | "noise");

export const filterNames: readonly FilterName[] = [
  ...(["text", "name", "status", "min_ms", "max_ms", "attribute", "service", "run"] as const),
  ...(["kind", "errors", "n1", "noise"] as const),
];

export type Filter = Readonly<Partial<Record<FilterName, string>>>;

export type SortKey = "start" | "duration" | "queries" | "queryMs";

export const sortKeys: readonly SortKey[] = ["start", "duration", "queries", "queryMs"];

export interface Sort {
  readonly key: SortKey;
  readonly order: "asc" | "desc";
}

/** What the list shows: part of the page's hash. */
export interface ListQuery {
  readonly filter: Filter;
  readonly sort: Sort;
}

export function queryOf(params: URLSearchParams): ListQuery {
  const entries = filterNames.map((name) => [name, params.get(name)] as const);
  const filter: Filter = Object.fromEntries(entries.filter(([, value]) => value));
  const key = sortKeys.find((known) => known === params.get("sort")) ?? "start";
  return { filter, sort: { key, order: params.get("order") === "asc" ? "asc" : "desc" } };
}

export function apiQuery({ filter, sort }: ListQuery): Readonly<Record<string, string>> {
  return { ...filter, sort: sort.key, order: sort.order };
}

/**
 * Whether an event's unit belongs into the list. The filter by attribute is the server's
 * alone, since a summary has no attributes.
 */
export function matches(unit: UnitSummary, filter: Filter): boolean {
  return checks.every((check) => check(unit, filter));
}

const checks: readonly ((unit: UnitSummary, filter: Filter) => boolean)[] = [
  (unit, { noise }) => noise !== undefined || !unit.noise,
  (unit, { errors }) => errors === undefined || unit.failed || unit.counts.errors > 0,
  (unit, { n1 }) => n1 === undefined || unit.nPlusOne,
  ({ kind }, filter) => filter.kind === undefined || kind === filter.kind,
  ({ name }, filter) => filter.name === undefined || name === filter.name,
  ({ service }, filter) => filter.service === undefined || service === filter.service,
  ({ run }, filter) => filter.run === undefined || isRunName(filter.run) || run === filter.run,
  ({ durationMs }, { min_ms }) => min_ms === undefined || durationMs >= Number(min_ms),
  ({ durationMs }, { max_ms }) => max_ms === undefined || durationMs <= Number(max_ms),
  ({ status }, filter) => filter.status === undefined || hasStatus(status, filter.status),
  (unit, { text }) => text === undefined || hasText(unit, text.toLowerCase()),
];

/** A name that only the server can resolve; new units belong to the current run. */
function isRunName(run: string): boolean {
  return run === "current";
}

/** @param wanted a status (`404`) or a class (`5xx`). */
function hasStatus(status: number | undefined, wanted: string): boolean {
  if (status === undefined) return false;
  return wanted.endsWith("xx")
    ? String(status).startsWith(wanted.slice(0, 1))
    : String(status) === wanted;
}

function hasText({ id, name, path, service, traceId }: UnitSummary, text: string): boolean {
  return [id, name, path, service, traceId].some((part) => part?.toLowerCase().includes(text));
}

const figures: Readonly<Record<SortKey, (unit: UnitSummary) => number>> = {
  start: ({ start }) => start,
  duration: ({ durationMs }) => durationMs,
  queries: ({ counts }) => counts.queries,
  queryMs: ({ counts }) => counts.queryMs,
};

/** Compares units for the list; of equal ones the newest is first. */
export function comparator({ key, order }: Sort): (a: UnitSummary, b: UnitSummary) => number {
  const figure = figures[key];
  const sign = order === "asc" ? 1 : -1;
  return (a, b) => sign * (figure(a) - figure(b)) || b.start - a.start;
}
