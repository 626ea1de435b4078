import type { UnitDetail, UnitSummary } from "../../../viewer/model.ts";
import type { UnitFilter } from "../../../viewer/viewer-store.ts";
import type { Answer } from "../answer.ts";
import { type ListView, listView } from "../bounded-view.ts";
import { errorLines, type ErrorView, errorView } from "../error-view.ts";
import { examineUnits } from "../examined-units.ts";
import { isoTime, plural } from "../figures.ts";
import { heldConnections, type HeldConnections, heldLine } from "../held-connections.ts";
import { exhaustedPools, poolLine, type PoolView } from "../pool-view.ts";
import { cutText, quoteName, TEXT_LIMITS } from "../telemetry-text.ts";
import { omittedLines, section } from "../text-layout.ts";
import { idOf, unitsByRoute } from "../unit-view.ts";
import type { ViewerSource } from "../viewer-source.ts";

/** Equal errors of several requests. */
interface ErrorGroup {
  /** Of the examined requests. */
  readonly requests: number;
  readonly routes: readonly string[];
  readonly last?: string;
  /** The latest request with it. */
  readonly request: string;
  readonly error: ErrorView;
}

/** Failed requests of one route and status. */
interface FailedRoute {
  readonly name: string;
  readonly service: string;
  readonly status?: number;
  readonly requests: number;
  readonly last: string;
}

export interface ErrorsView extends Readonly<Record<string, unknown>> {
  readonly source: string;
  readonly failed: number;
  readonly examined: number;
  readonly routes: ListView<FailedRoute>;
  readonly errors: ListView<ErrorGroup>;
  readonly pools: ListView<PoolView>;
  readonly held: ListView<HeldConnections>;
}

const MAX_LISTED = 200;
const MAX_GROUPS = 10;
const MAX_ROUTES = 10;

/** Those after the first ones are their consequences. */
const MAX_ERRORS_OF_REQUEST = 10;

/** Answers what failed lately: errors that are equal once, with their place in the source. */
export async function errorsAnswer(
  source: ViewerSource,
  filter: UnitFilter,
): Promise<Answer<ErrorsView>> {
  const failedOnly = { ...filter, failed: true };
  const [page, metrics] = await Promise.all([
    source.units({ ...failedOnly, sort: "start", order: "desc", limit: MAX_LISTED }),
    source.metrics(),
  ]);
  const details = await examineUnits(source, page.items);
  const groups = groupErrors(details);
  const pools = exhaustedPools(metrics);
  return {
    view: {
      source: source.description,
      failed: page.total,
      examined: details.length,
      routes: listView(failedRoutes(page.items), MAX_ROUTES, "telltale requests --errors"),
      errors: listView(groups, MAX_GROUPS, "telltale requests --errors"),
      pools: listView(pools, 5),
      held: listView(heldConnections(details), 5),
    },
    lines,
    found: page.total > 0 || pools.length > 0,
  };
}

function failedRoutes(units: readonly UnitSummary[]): FailedRoute[] {
  return unitsByRoute(units)
    .toSorted((a, b) => b.length - a.length)
    .flatMap((same) => {
      const [last] = same;
      if (last === undefined) return [];
      return {
        name: cutText(last.name, TEXT_LIMITS.name),
        service: cutText(last.service, 40),
        ...(last.status !== undefined && { status: last.status }),
        ...{ requests: same.length, last: idOf(last.id) },
      };
    });
}

/** @param details the latest first. */
function groupErrors(details: readonly UnitDetail[]): ErrorGroup[] {
  const groups = new Map<string, { error: ErrorView; units: UnitSummary[] }>();
  for (const { summary, errors } of details) {
    for (const detail of errors.slice(0, MAX_ERRORS_OF_REQUEST)) {
      const error = errorView(detail);
      const key = [error.type, error.place, error.message.replaceAll(/[\da-f-]{4,}|\d+/g, "#")];
      const known = groups.get(key.join("\n"));
      if (known === undefined) groups.set(key.join("\n"), { error, units: [summary] });
      else if (!known.units.includes(summary)) known.units.push(summary);
    }
  }
  return [...groups.values()]
    .toSorted((a, b) => b.units.length - a.units.length)
    .map(({ error, units }) => describe(error, units));
}

const MAX_NAMED_ROUTES = 3;

function describe(error: ErrorView, units: readonly UnitSummary[]): ErrorGroup {
  const latest = units.reduce((last, unit) => (unit.start > last.start ? unit : last));
  const routes = new Set(units.map(({ name }) => cutText(name, TEXT_LIMITS.name)));
  const last = isoTime(latest.start);
  return {
    requests: units.length,
    routes: [...routes].slice(0, MAX_NAMED_ROUTES),
    ...(last !== undefined && { last }),
    request: idOf(latest.id),
    error,
  };
}

function lines({ source, failed, examined, routes, errors, pools, held }: ErrorsView): string[] {
  return [
    `${failed === 0 ? "no" : failed} failed ${failed === 1 ? "request" : "requests"} (${source})`,
    ...section("Connection pools without a free connection:", pools.items.map(poolLine)),
    ...section("Connections for which requests waited:", held.items.map(heldLine)),
    ...section("By route:", [...routes.items.map(routeLine), ...omittedLines(routes, "routes")]),
    ...section(`Errors of the ${plural(examined, "request")} that were read:`, [
      ...errors.items.flatMap(groupLines),
      ...omittedLines(errors, "errors"),
    ]),
    ...(failed === 0 ? [] : ["", "One of them: telltale request ID"]),
  ];
}

function routeLine({ name, status, requests, last }: FailedRoute): string {
  const outcome = status === undefined ? "" : `, status ${status}`;
  return `${quoteName(name)}${outcome}: ${plural(requests, "request")}, the last is ${last}`;
}

function groupLines({ error, requests, routes, request, last }: ErrorGroup): string[] {
  return [
    `${plural(requests, "request")} of ${routes.map(quoteName).join(", ")}; the last is ${request}${last === undefined ? "" : ` at ${last}`}`,
    ...errorLines(error).map((line) => `  ${line}`),
  ];
}
