import type {
  ComparedFigure,
  ComparedSide,
  Comparison,
  RouteComparison,
} from "../../../viewer/model.ts";
import type { Answer } from "../answer.ts";
import { type ListView, listView, mappedList } from "../bounded-view.ts";
import { percentOf, plural, roundCount, roundMs, signedPercent } from "../figures.ts";
import { type Breach, findBreaches, type Limit } from "../limits.ts";
import { cutText, quoteName, quotePlace, quoteText, TEXT_LIMITS } from "../telemetry-text.ts";
import { omittedLines, section } from "../text-layout.ts";
import { idOf, placeText, runText } from "../unit-view.ts";

interface SideView {
  readonly kind: ComparedSide["kind"];
  readonly id: string;
  readonly label: string;
  readonly run?: string;
  readonly requests: number;
}

interface QueryChangeView {
  readonly change: string;
  readonly query: string;
  readonly place?: string;
  readonly perRequestBefore: number;
  readonly perRequestAfter: number;
  readonly msBefore: number;
  readonly msAfter: number;
}

interface RouteView {
  readonly name: string;
  readonly change: RouteComparison["change"];
  readonly requestsBefore: number;
  readonly requestsAfter: number;
  readonly p50Ms: readonly [before: number, after: number];
  readonly p95Ms: readonly [before: number, after: number];
  readonly queries: readonly [before: number, after: number];
  readonly queryMs: readonly [before: number, after: number];
  readonly failedPercent: readonly [before: number, after: number];
  readonly queryChanges: ListView<QueryChangeView>;
}

export interface ComparisonView extends Readonly<Record<string, unknown>> {
  readonly source: string;
  readonly before: SideView;
  readonly after: SideView;
  /** Beyond the limits of `--fail-on`. */
  readonly beyond: ListView<Breach>;
  readonly limits: number;
  readonly changed: ListView<RouteView>;
  /** Number of routes without a change beyond noise. */
  readonly same: number;
  /** Names of routes without a request on the side after. */
  readonly notRequested: ListView<string>;
}

const MAX_ROUTES = 20;
const MAX_QUERIES = 8;

/** Answers what has changed between two requests, routes or runs. */
export function comparisonAnswer(
  source: string,
  comparison: Comparison,
  limits: readonly Limit[],
): Answer<ComparisonView> {
  const { before, after, routes } = comparison;
  const breaches = findBreaches(comparison, limits).map((breach) => ({
    ...breach,
    name: cutText(breach.name, TEXT_LIMITS.name),
  }));
  const changed = routes.filter(({ change }) => change !== "same" && change !== "gone");
  const gone = routes.filter(({ change }) => change === "gone");
  return {
    view: {
      source,
      before: sideView(before),
      after: sideView(after),
      beyond: listView(breaches, MAX_ROUTES),
      limits: limits.length,
      changed: mappedList(changed, MAX_ROUTES, routeView, "telltale compare --name ROUTE"),
      same: routes.length - changed.length - gone.length,
      notRequested: mappedList(gone, 10, ({ name }) => cutText(name, TEXT_LIMITS.name)),
    },
    lines,
    found: breaches.length > 0,
  };
}

function sideView({ kind, id, label, run, count }: ComparedSide): SideView {
  return {
    ...{ kind, id: idOf(id), label: cutText(label, TEXT_LIMITS.name) },
    ...(run && { run: runText(run) }),
    requests: count,
  };
}

function routeView(route: RouteComparison): RouteView {
  return {
    ...{ name: cutText(route.name, TEXT_LIMITS.path), change: route.change },
    ...{ requestsBefore: route.countBefore, requestsAfter: route.countAfter },
    ...{ p50Ms: both(route.p50, roundMs), p95Ms: both(route.p95, roundMs) },
    ...{ queries: both(route.queries, roundCount), queryMs: both(route.queryMs, roundMs) },
    failedPercent: both(route.errors, percentOf),
    queryChanges: mappedList(route.queryChanges, MAX_QUERIES, queryChangeView),
  };
}

function both(
  { before, after }: ComparedFigure,
  round: (value: number) => number,
): readonly [before: number, after: number] {
  return [round(before), round(after)];
}

function queryChangeView(one: RouteComparison["queryChanges"][number]): QueryChangeView {
  const place = placeText(one.place);
  return {
    change: one.change,
    query: cutText(one.fingerprint, TEXT_LIMITS.query),
    ...(place !== undefined && { place }),
    perRequestBefore: roundCount(one.perUnitBefore),
    perRequestAfter: roundCount(one.perUnitAfter),
    ...{ msBefore: roundMs(one.msBefore), msAfter: roundMs(one.msAfter) },
  };
}

function lines(view: ComparisonView): string[] {
  const { source, before, after, changed, same, notRequested, beyond, limits } = view;
  return [
    `before: ${sideText(before)}`,
    `after:  ${sideText(after)}`,
    `(${source})`,
    ...section("Beyond the limits:", [
      ...beyond.items.map(breachLine),
      ...omittedLines(beyond, "routes"),
    ]),
    ...(limits > 0 && beyond.items.length === 0 ? ["", "All limits hold."] : []),
    ...section("Changed, before → after:", [
      ...changed.items.flatMap(routeLines),
      ...omittedLines(changed, "routes"),
    ]),
    "",
    `${plural(same, "route")} without a change beyond noise`,
    ...section("Not requested after:", [
      ...notRequested.items.map(quoteName),
      ...omittedLines(notRequested, "routes"),
    ]),
  ];
}

function sideText({ kind, id, label, run, requests }: SideView): string {
  const of = run === undefined ? "" : ` ${kind === "request" ? `of run ${quoteText(run)}` : ""}`;
  const name = kind === "request" ? `request ${id}` : `run ${id}`;
  return `${name} ${quoteText(label)}${of.trimEnd()}, ${plural(requests, "request")}`;
}

function breachLine({ limit, name, before, after, change }: Breach): string {
  return `${limit}: ${quoteName(name)} ${before} → ${after} (${change})`;
}

function routeLines(route: RouteView): string[] {
  const { name, change, requestsBefore, requestsAfter, queryChanges } = route;
  const { p50Ms, p95Ms, queries, queryMs, failedPercent } = route;
  if (change === "new")
    return [
      `new ${quoteName(name)}: ${plural(requestsAfter, "request")}, p50 ${p50Ms[1]} ms, ` +
        `p95 ${p95Ms[1]} ms, ${queries[1]} queries`,
    ];
  return [
    `${change} ${quoteName(name)} (${requestsBefore} → ${plural(requestsAfter, "request")})`,
    `  p50 ${pair(p50Ms)} ms, p95 ${pair(p95Ms)} ms, queries ${pair(queries)}, ` +
      `query time ${pair(queryMs)} ms, failed ${pair(failedPercent)} %`,
    ...queryChanges.items.map(queryLine),
    ...omittedLines(queryChanges, "queries").map((line) => `  ${line}`),
  ];
}

function pair([before, after]: readonly [number, number]): string {
  if (before === after) return String(before);
  const change = before === 0 ? "" : ` (${signedPercent((after - before) / before)})`;
  return `${before} → ${after}${change}`;
}

function queryLine(one: QueryChangeView): string {
  const { change, query, place, perRequestBefore, perRequestAfter, msBefore, msAfter } = one;
  const at = place === undefined ? "" : ` at ${quotePlace(place)}`;
  return (
    `  ${change} query ${quoteText(query)}${at}: ` +
    `${perRequestBefore} → ${perRequestAfter} for each request, ${msBefore} → ${msAfter} ms each`
  );
}
