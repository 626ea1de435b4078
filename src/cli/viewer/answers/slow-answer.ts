import type { RouteSummary, UnitDetail } from "../../../viewer/model.ts";
import type { UnitFilter } from "../../../viewer/viewer-store.ts";
import type { Answer } from "../answer.ts";
import { type ListView, listView, mappedList } from "../bounded-view.ts";
import { plural, roundMs, timeTexts } from "../figures.ts";
import { exhaustedPools, poolLine, type PoolView } from "../pool-view.ts";
import { repeatedLines, type RepeatedView, repeatedView } from "../repeated-view.ts";
import { groupSpans, type SpanGroup } from "../span-groups.ts";
import { quoteName, quotePlace } from "../telemetry-text.ts";
import { omittedLines, section, tableLines } from "../text-layout.ts";
import {
  placeText,
  routeColumns,
  type RouteRow,
  routeRow,
  type UnitRow,
  unitRow,
} from "../unit-view.ts";
import type { ViewerSource } from "../viewer-source.ts";

/** Where the time of a route's slowest request goes. */
interface SlowRequest {
  readonly request: UnitRow;
  readonly timing: Readonly<Record<string, number>>;
  readonly repeated: ListView<RepeatedView>;
  readonly spans: ListView<SpanGroup>;
  readonly stalls: ListView<StallView>;
}

interface StallView {
  readonly ms: number;
  readonly place?: string;
}

export interface SlowView extends Readonly<Record<string, unknown>> {
  readonly source: string;
  readonly routes: ListView<RouteRow>;
  readonly slowest: ListView<SlowRequest>;
  readonly pools: ListView<PoolView>;
}

const PAGE_SIZE = 20;
const MAX_EXPLAINED = 5;

/** Answers what is slow: routes by their 95th percentile, and where the time of the slowest goes. */
export async function slowAnswer(
  source: ViewerSource,
  filter: UnitFilter,
): Promise<Answer<SlowView>> {
  const [routes, metrics] = await Promise.all([source.routes(filter), source.metrics()]);
  const slowest = routes.toSorted((a, b) => b.p95Ms - a.p95Ms);
  const explained = await Promise.all(
    slowest.slice(0, MAX_EXPLAINED).map((route) => explain(source, filter, route)),
  );
  return {
    view: {
      source: source.description,
      routes: mappedList(slowest, PAGE_SIZE, routeRow, "telltale slow --text TEXT"),
      slowest: listView(
        explained.filter((one) => one !== undefined),
        MAX_EXPLAINED,
      ),
      pools: listView(exhaustedPools(metrics), 5),
    },
    lines,
    found: false,
  };
}

async function explain(
  source: ViewerSource,
  filter: UnitFilter,
  { name, service, kind }: RouteSummary,
): Promise<SlowRequest | undefined> {
  const query = { ...filter, name, service, kind, sort: "duration", order: "desc" } as const;
  const { items } = await source.units({ ...query, limit: 1 });
  const unit = items[0] && (await source.unit(items[0].id));
  return unit && slowRequest(unit);
}

function slowRequest(unit: UnitDetail): SlowRequest {
  const groups = groupSpans(unit.spans)
    .filter(({ depth, selfMs }) => depth > 0 && selfMs > 0)
    .toSorted((a, b) => b.selfMs - a.selfMs);
  return {
    request: unitRow(unit.summary),
    timing: Object.fromEntries(unit.timing.map(({ what, ms }) => [what, roundMs(ms)])),
    repeated: mappedList(unit.repeated, 2, repeatedView),
    spans: listView(groups, 3),
    stalls: mappedList(unit.stalls, 2, stallView),
  };
}

function stallView({ durationMs, place }: UnitDetail["stalls"][number]): StallView {
  const at = placeText(place);
  return { ms: roundMs(durationMs), ...(at !== undefined && { place: at }) };
}

function lines({ source, routes, slowest, pools }: SlowView): string[] {
  if (routes.items.length === 0) return [`no requests (${source})`];
  return [
    `${plural(routes.items.length + routes.omitted, "route")}, slowest first (${source})`,
    ...tableLines(routeColumns, routes.items),
    ...omittedLines(routes, "routes"),
    ...section("Connection pools without a free connection:", pools.items.map(poolLine)),
    ...section("Where the time goes, in the slowest request of each:", [
      ...slowest.items.flatMap(slowLines),
      ...omittedLines(slowest, "routes"),
    ]),
    "",
    "One of them: telltale request ID",
  ];
}

function slowLines({ request, timing, repeated, spans, stalls }: SlowRequest): string[] {
  const time = timeTexts(timing);
  return [
    `${quoteName(request.name)}: ${request.id}, ${request.ms} ms${time.length === 0 ? "" : `: ${time.join(", ")}`}`,
    ...repeated.items.flatMap(repeatedLines).map((line) => `  ${line}`),
    ...stalls.items.map(
      ({ ms, place }) =>
        `  stall of the event loop: ${ms} ms${place === undefined ? "" : ` in ${quotePlace(place)}`}`,
    ),
    ...spans.items.map(
      ({ what, count, selfMs, place }) =>
        `  ${selfMs} ms in ${plural(count, "call")}: ${quoteName(what)}` +
        (place === undefined ? "" : ` at ${quotePlace(place)}`),
    ),
  ];
}
