import type { RepeatedCalls, UnitDetail } from "../../../viewer/model.ts";
import type { UnitFilter } from "../../../viewer/viewer-store.ts";
import type { Answer } from "../answer.ts";
import { type ListView, listView } from "../bounded-view.ts";
import { examineUnits } from "../examined-units.ts";
import { plural } from "../figures.ts";
import { repeatedLines, type RepeatedView, repeatedView } from "../repeated-view.ts";
import { cutText, quoteName, TEXT_LIMITS } from "../telemetry-text.ts";
import { omittedLines, section } from "../text-layout.ts";
import { idOf } from "../unit-view.ts";
import type { ViewerSource } from "../viewer-source.ts";

/** Equal groups of repeated calls of several requests. */
interface RepeatedGroup {
  /** Of the examined requests. */
  readonly requests: number;
  readonly routes: readonly string[];
  /** The request with the most calls. */
  readonly request: string;
  readonly calls: RepeatedView;
}

export interface RepeatedCallsView extends Readonly<Record<string, unknown>> {
  readonly source: string;
  /** Requests with an N+1; of all requests if all kinds are asked for. */
  readonly requests: number;
  readonly examined: number;
  readonly groups: ListView<RepeatedGroup>;
}

const MAX_LISTED = 200;
const MAX_GROUPS = 15;

/**
 * Answers which calls are repeated, with their place in the source.
 *
 * @param allKinds whether duplicates and writes that can be one are included.
 */
export async function repeatedCallsAnswer(
  source: ViewerSource,
  filter: UnitFilter,
  allKinds: boolean,
): Promise<Answer<RepeatedCallsView>> {
  const chosen = allKinds ? filter : { ...filter, nPlusOne: true };
  const sort = allKinds ? "queries" : "start";
  const page = await source.units({ ...chosen, sort, order: "desc", limit: MAX_LISTED });
  const details = await examineUnits(source, page.items);
  const groups = groupCalls(details, allKinds);
  return {
    view: {
      source: source.description,
      requests: page.total,
      examined: details.length,
      groups: listView(groups, MAX_GROUPS, "telltale requests --n1"),
    },
    lines: (view) => lines(view, allKinds),
    found: groups.length > 0,
  };
}

function groupCalls(details: readonly UnitDetail[], allKinds: boolean): RepeatedGroup[] {
  const groups = new Map<string, { calls: RepeatedCalls; unit: UnitDetail }[]>();
  for (const unit of details) {
    for (const calls of unit.repeated) {
      if (!allKinds && calls.kind !== "n+1" && calls.kind !== "possible") continue;
      const { kind, fingerprint, place } = calls;
      const key = [kind, fingerprint, place?.shown, place?.line].join("\n");
      const known = groups.get(key);
      if (known === undefined) groups.set(key, [{ calls, unit }]);
      else known.push({ calls, unit });
    }
  }
  return [...groups.values()].toSorted((a, b) => costOf(b) - costOf(a)).map(describe);
}

/** Returns the time in one request: the most of it, since that is what a user waits. */
function costOf(same: readonly { readonly calls: RepeatedCalls }[]): number {
  return Math.max(...same.map(({ calls }) => calls.totalMs));
}

function describe(
  same: readonly { readonly calls: RepeatedCalls; readonly unit: UnitDetail }[],
): RepeatedGroup {
  const worst = same.reduce((most, one) => (one.calls.count > most.calls.count ? one : most));
  const routes = new Set(same.map(({ unit }) => cutText(unit.summary.name, TEXT_LIMITS.name)));
  return {
    requests: new Set(same.map(({ unit }) => unit)).size,
    routes: [...routes].slice(0, 3),
    request: idOf(worst.unit.summary.id),
    calls: repeatedView(worst.calls),
  };
}

function lines(
  { source, requests, examined, groups }: RepeatedCallsView,
  allKinds: boolean,
): string[] {
  const what = allKinds ? "" : " with N+1 calls";
  return [
    `${requests === 0 ? "no" : requests} ${requests === 1 ? "request" : "requests"}${what} (${source})`,
    ...section(`Repeated calls of the ${plural(examined, "request")} that were read, by time:`, [
      ...groups.items.flatMap(groupLines),
      ...omittedLines(groups, "groups"),
    ]),
    ...(groups.items.length === 0 ? [] : ["", "One of them: telltale request ID"]),
  ];
}

function groupLines({ calls, requests, routes, request }: RepeatedGroup): string[] {
  return [
    ...repeatedLines(calls),
    `  in ${plural(requests, "request")} of ${routes.map(quoteName).join(", ")}, most in ${request}`,
  ];
}
