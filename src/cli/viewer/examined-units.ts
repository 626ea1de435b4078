import type { UnitDetail, UnitSummary } from "../../viewer/model.ts";
import { unitsByRoute } from "./unit-view.ts";
import type { ViewerSource } from "./viewer-source.ts";

/** Requests that are read whole for an answer; a list has only their figures. */
const MAX_EXAMINED = 40;

/** Requests that are read at the same time. */
const PARALLEL = 4;

/**
 * Reads the details of requests: the first ones of each route before further ones, so
 * that a busy route does not hide the others.
 */
export async function examineUnits(
  source: ViewerSource,
  units: readonly UnitSummary[],
  limit: number = MAX_EXAMINED,
): Promise<UnitDetail[]> {
  const chosen = inTurns(units).slice(0, limit);
  const details: UnitDetail[] = [];
  for (let at = 0; at < chosen.length; at += PARALLEL) {
    const some = chosen.slice(at, at + PARALLEL);
    const found = await Promise.all(some.map(({ id }) => source.unit(id)));
    details.push(...found.filter((one) => one !== undefined));
  }
  return details;
}

/** Returns the first unit of each route, then the second ones, and so on. */
function inTurns(units: readonly UnitSummary[]): UnitSummary[] {
  const routes = unitsByRoute(units);
  const most = Math.max(0, ...routes.map(({ length }) => length));
  return Array.from({ length: most }, (_, turn) => turn).flatMap((turn) =>
    routes.flatMap((same) => same[turn] ?? []),
  );
}
