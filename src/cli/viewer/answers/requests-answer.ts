import type { UnitQuery } from "../../../viewer/viewer-store.ts";
import type { Answer } from "../answer.ts";
import { type ListView, listView, mappedList } from "../bounded-view.ts";
import { plural } from "../figures.ts";
import { omittedLines, section, tableLines } from "../text-layout.ts";
import {
  routeColumns,
  type RouteRow,
  routeRow,
  unitColumns,
  type UnitRow,
  unitRow,
} from "../unit-view.ts";
import type { ViewerSource } from "../viewer-source.ts";

export interface RequestsView extends Readonly<Record<string, unknown>> {
  readonly source: string;
  readonly total: number;
  readonly routes: ListView<RouteRow>;
  readonly requests: ListView<UnitRow>;
  /** Value of `--cursor` for the next page. */
  readonly next?: string;
}

/** A page of requests has so many, as one of any list. */
export const PAGE_SIZE = 20;

const MAX_ROUTES = 10;

/**
 * Lists requests, after what they amount to by route.
 *
 * @param repeatable the options of this list as the user has written them.
 */
export async function requestsAnswer(
  source: ViewerSource,
  query: UnitQuery,
  repeatable: string,
): Promise<Answer<RequestsView>> {
  const [page, routes] = await Promise.all([source.units(query), source.routes(query)]);
  const command = `telltale requests${repeatable === "" ? "" : ` ${repeatable}`}`;
  const next = page.next === undefined ? undefined : `${command} --cursor ${page.next}`;
  const byCount = routes.toSorted((a, b) => b.count - a.count);
  return {
    view: {
      source: source.description,
      total: page.total,
      routes: mappedList(byCount, MAX_ROUTES, routeRow, "telltale slow"),
      requests: {
        ...listView(page.items.map(unitRow), page.items.length),
        omitted: next === undefined ? 0 : Math.max(0, page.total - page.items.length),
        ...(next !== undefined && { more: next }),
      },
      ...(page.next !== undefined && { next: page.next }),
    },
    lines,
    found: false,
  };
}

function lines({ source, total, routes, requests }: RequestsView): string[] {
  if (total === 0 && requests.items.length === 0)
    return [`no requests (${source})`, "health checks and assets are left out: --noise"];
  return [
    `${plural(total, "request")} (${source})`,
    ...section("By route:", [
      ...tableLines(routeColumns, routes.items),
      ...omittedLines(routes, "routes"),
    ]),
    ...section("Requests:", [
      ...tableLines(unitColumns, requests.items),
      ...omittedLines(requests, "requests"),
    ]),
    "",
    "One of them: telltale request ID",
  ];
}
