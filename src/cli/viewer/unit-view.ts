import type { RouteSummary, Run, SourcePlace, UnitSummary } from "../../viewer/model.ts";
import { labelOf } from "../../viewer/comparison/compare-stored.ts";
import { isoTime, roundCount, roundMs, timeOfDay } from "./figures.ts";
import { cutText, quoteName, TEXT_LIMITS } from "./telemetry-text.ts";
import type { Column } from "./text-layout.ts";

/** A request in a list, with texts that are cut. */
export interface UnitRow {
  readonly id: string;
  readonly name: string;
  readonly path?: string;
  readonly service: string;
  readonly kind: UnitSummary["kind"];
  readonly start?: string;
  readonly startMs: number;
  readonly status?: number;
  readonly failed: boolean;
  readonly ms: number;
  readonly queries: number;
  readonly queryMs: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly calls: number;
  readonly logs: number;
  readonly errors: number;
  readonly nPlusOne: boolean;
  readonly pinned: boolean;
}

export function unitRow(unit: UnitSummary): UnitRow {
  const { counts } = unit;
  const start = isoTime(unit.start);
  return {
    id: idOf(unit.id),
    name: cutText(unit.name, TEXT_LIMITS.name),
    ...(unit.path !== undefined && { path: cutText(unit.path, TEXT_LIMITS.path) }),
    service: cutText(unit.service, TEXT_LIMITS.name),
    kind: unit.kind,
    ...(start !== undefined && { start }),
    startMs: unit.start,
    ...(unit.status !== undefined && { status: unit.status }),
    failed: unit.failed,
    ms: roundMs(unit.durationMs),
    queries: counts.queries,
    queryMs: roundMs(counts.queryMs),
    ...{ cacheHits: counts.cacheHits, cacheMisses: counts.cacheMisses },
    ...{ calls: counts.calls, logs: counts.logs, errors: counts.errors },
    nPlusOne: unit.nPlusOne,
    pinned: unit.pinned,
  };
}

/** Ids are hexadecimal; one of an import may be anything. */
export function idOf(id: string): string {
  return cutText(id, 32).replaceAll(/[^\w-]/g, "?");
}

export const unitColumns: readonly Column<UnitRow>[] = [
  { title: "ID", cell: ({ id }) => id },
  { title: "START", cell: ({ startMs }) => timeOfDay(startMs) },
  { title: "STATUS", cell: ({ status, failed }) => `${status ?? "-"}${failed ? " failed" : ""}` },
  { title: "MS", isFigure: true, cell: ({ ms }) => String(ms) },
  { title: "QUERIES", isFigure: true, cell: ({ queries }) => String(queries) },
  { title: "QUERY MS", isFigure: true, cell: ({ queryMs }) => String(queryMs) },
  { title: "CALLS", isFigure: true, cell: ({ calls }) => String(calls) },
  { title: "ERRORS", isFigure: true, cell: ({ errors }) => String(errors) },
  { title: "N+1", cell: ({ nPlusOne }) => (nPlusOne ? "yes" : "") },
  { title: "ROUTE", cell: ({ name }) => quoteName(name) },
];

/** The requests of one route. */
export type RouteRow = Omit<RouteSummary, "lastStart">;

export function routeRow(route: RouteSummary): RouteRow {
  return {
    name: cutText(route.name, TEXT_LIMITS.name),
    service: cutText(route.service, TEXT_LIMITS.name),
    kind: route.kind,
    count: route.count,
    failed: route.failed,
    ...{ p50Ms: roundMs(route.p50Ms), p95Ms: roundMs(route.p95Ms), maxMs: roundMs(route.maxMs) },
    ...{ queries: roundCount(route.queries), queryMs: roundMs(route.queryMs) },
    nPlusOne: route.nPlusOne,
  };
}

export const routeColumns: readonly Column<RouteRow>[] = [
  { title: "COUNT", isFigure: true, cell: ({ count }) => String(count) },
  { title: "FAILED", isFigure: true, cell: ({ failed }) => String(failed) },
  { title: "P50 MS", isFigure: true, cell: ({ p50Ms }) => String(p50Ms) },
  { title: "P95 MS", isFigure: true, cell: ({ p95Ms }) => String(p95Ms) },
  { title: "MAX MS", isFigure: true, cell: ({ maxMs }) => String(maxMs) },
  { title: "QUERIES", isFigure: true, cell: ({ queries }) => String(queries) },
  { title: "QUERY MS", isFigure: true, cell: ({ queryMs }) => String(queryMs) },
  { title: "WITH N+1", isFigure: true, cell: ({ nPlusOne }) => String(nPlusOne) },
  { title: "ROUTE", cell: ({ name }) => quoteName(name) },
];

/** Returns `src/orders.js:41 (list)`, cut; undefined without a place. */
export function placeText(place: SourcePlace | undefined): string | undefined {
  if (place === undefined) return undefined;
  const name = place.function === undefined ? "" : ` (${cutText(place.function, 40)})`;
  return `${cutText(place.shown, TEXT_LIMITS.place)}:${place.line}${name}`;
}

/** Returns how a run is named in an answer. */
export function runText(run: Run): string {
  const baseline = run.baseline === undefined ? "" : `, baseline ${cutText(run.baseline, 60)}`;
  const of = `${cutText(labelOf(run), TEXT_LIMITS.name)} of ${cutText(run.service, 40)}`;
  return `${idOf(run.id)} (${of}, started ${isoTime(run.start) ?? "?"}${baseline})`;
}

/** Quotes an argument of a command that an answer recommends. */
export function shellArgument(text: string): string {
  return /^[\w/:.@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Returns the units of each route and status, in the order in which each first appears. */
export function unitsByRoute(units: readonly UnitSummary[]): UnitSummary[][] {
  const routes = Map.groupBy(
    units,
    ({ service, name, status }) => `${service}\n${name}\n${status}`,
  );
  return [...routes.values()];
}
