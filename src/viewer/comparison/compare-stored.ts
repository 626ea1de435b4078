import type { ComparedSide, Comparison, Run, UnitSummary } from "../model.ts";
import type { ViewerStore } from "../viewer-store.ts";
import { type ComparedUnit, queryUsesOf } from "./compared-unit.ts";
import { compareUnits, type ComparedUnits } from "./comparison.ts";

/** Two sides of a comparison, as the API and the commands name them. */
export interface ComparisonQuery {
  /** A request: an id. A run or a route: the id of a run, a baseline, `current` or `previous`. */
  readonly before: string;
  readonly after: string;
  readonly kind: ComparedSide["kind"];
  /** Only this route; for kind `route`, that of `before`. */
  readonly name?: string | undefined;
  /** For kind `route`: that of `after`, if it has another name. */
  readonly nameAfter?: string | undefined;
}

/** A side that the history does not have. */
export class UnknownSideError extends Error {
  override readonly name = "UnknownSideError";
}

type Source = Pick<ViewerStore, "units" | "unit" | "runs">;

/**
 * Compares two sides of the history.
 *
 * @throws UnknownSideError if there is no such request, run or baseline.
 */
export function compareStored(store: Source, query: ComparisonQuery): Comparison {
  const { kind, name, nameAfter = name } = query;
  if (kind === "request")
    return compareUnits(requestSide(store, query.before), requestSide(store, query.after));
  return compareUnits(
    runSide(store, query.before, kind, name),
    runSide(store, query.after, kind, nameAfter),
  );
}

function requestSide(store: Source, id: string): ComparedUnits {
  const unit = store.unit(id);
  if (unit === undefined) throw new UnknownSideError(`there is no request ${id} in the history`);
  const { summary, run, spans } = unit;
  return {
    side: { kind: "request", id: summary.id, label: summary.name, ...(run && { run }) },
    units: [{ ...summary, queries: queryUsesOf(spans) }],
  };
}

function runSide(
  store: Source,
  id: string,
  kind: "route" | "run",
  name: string | undefined,
): ComparedUnits {
  const run = findRun(store.runs(), id);
  if (run === undefined) throw new UnknownSideError(unknownRun(store.runs(), id));
  const label = name === undefined ? labelOf(run) : `${name} of ${labelOf(run)}`;
  return { side: { kind, id: run.id, label, run }, units: unitsOf(store, run, name) };
}

/**
 * Returns the run of an id, the first letters of one, a baseline, `current` or `previous`;
 * these are of one service: that of the latest run.
 */
export function findRun(runs: readonly Run[], id: string): Run | undefined {
  const latest = runs.toSorted((a, b) => b.start - a.start);
  const own = latest.filter(({ service }) => service === latest[0]?.service);
  if (id === "current") return own[0];
  if (id === "previous") return own[1];
  return (
    latest.find(({ baseline }) => baseline === id) ??
    latest.find((run) => run.id === id) ??
    (id.length >= MIN_PREFIX ? latest.find((run) => run.id.startsWith(id)) : undefined)
  );
}

const MIN_PREFIX = 4;

function unknownRun(runs: readonly Run[], id: string): string {
  if (id === "previous") return "there is only one run in the history; restart the app";
  if (id === "current") return "there is no run in the history; start the app and request it";
  const names = runs.flatMap(({ baseline }) => baseline ?? []);
  const known = names.length === 0 ? "no baselines" : `the baselines ${names.join(", ")}`;
  return `there is no run or baseline ${id} in the history, which has ${known}`;
}

/** Returns how a run is named: by its commit, and whether there are uncommitted changes. */
export function labelOf(run: Run): string {
  const commit = run.commit?.slice(0, 8);
  const state = commit === undefined ? run.id : `${commit}${run.dirty === true ? "+changes" : ""}`;
  return run.branch === undefined ? state : `${run.branch} ${state}`;
}

/** So many requests of a route are enough for its figures, and of so many the queries are read. */
const MAX_UNITS = 5000;
const MAX_DETAILS_BY_ROUTE = 100;
const PAGE = 1000;

function unitsOf(store: Source, run: Run, name: string | undefined): ComparedUnit[] {
  const details = new Map<string, number>();
  return summariesOf(store, run, name).flatMap((summary) => {
    const read = details.get(summary.name) ?? 0;
    details.set(summary.name, read + 1);
    if (read >= MAX_DETAILS_BY_ROUTE) return [];
    const spans = store.unit(summary.id)?.spans ?? [];
    return [{ ...summary, queries: queryUsesOf(spans) }];
  });
}

/** Returns the latest units of work of a run. */
function summariesOf(store: Source, run: Run, name: string | undefined): UnitSummary[] {
  const found: UnitSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = store.units({ run: run.id, name, limit: PAGE, cursor });
    found.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined && found.length < MAX_UNITS);
  return found;
}
