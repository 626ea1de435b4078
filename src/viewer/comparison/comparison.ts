import type { ComparedFigure, ComparedSide, Comparison, RouteComparison } from "../model.ts";
import { percentile, sortNumbers } from "../percentile.ts";
import type { ComparedUnit } from "./compared-unit.ts";
import { countChange, durationChange, meanOf, shareDiffers } from "./difference.ts";
import { compareQueries, type QueryChange } from "./query-changes.ts";

/** A side of a comparison with its units of work; `side.count` is their number. */
export interface ComparedUnits {
  readonly side: Omit<ComparedSide, "count">;
  readonly units: readonly ComparedUnit[];
}

/**
 * Compares two sets of units of work route by route: first those that are slower, then
 * those that changed. Two sides of one name each, such as two requests or two routes,
 * are compared even if their names differ.
 */
export function compareUnits(before: ComparedUnits, after: ComparedUnits): Comparison {
  const [old, now] = [unitsByName(before.units), unitsByName(after.units)];
  const names = new Set([...now.keys(), ...old.keys()]);
  const [oldName, ...otherOld] = old.keys();
  const [newName, ...otherNew] = now.keys();
  const isPair = oldName !== undefined && newName !== undefined && oldName !== newName;
  const routes =
    isPair && otherOld.length + otherNew.length === 0 && before.side.kind !== "run"
      ? [compareRoute(`${oldName} → ${newName}`, before.units, after.units)]
      : [...names].map((name) => compareRoute(name, old.get(name) ?? [], now.get(name) ?? []));
  return {
    before: { ...before.side, count: before.units.length },
    after: { ...after.side, count: after.units.length },
    routes: routes.toSorted((a, b) => order[a.change] - order[b.change] || byName(a, b)),
  };
}

const order: Readonly<Record<RouteComparison["change"], number>> = {
  slower: 0,
  changed: 1,
  new: 2,
  faster: 3,
  same: 4,
  gone: 5,
};

function byName(a: RouteComparison, b: RouteComparison): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function unitsByName(units: readonly ComparedUnit[]): Map<string, ComparedUnit[]> {
  const named = new Map<string, ComparedUnit[]>();
  for (const unit of units) {
    const same = named.get(unit.name);
    if (same === undefined) named.set(unit.name, [unit]);
    else same.push(unit);
  }
  return named;
}

/** Compares the units of work of one route. Either side may be empty. */
export function compareRoute(
  name: string,
  before: readonly ComparedUnit[],
  after: readonly ComparedUnit[],
): RouteComparison {
  const hasBoth = before.length > 0 && after.length > 0;
  const queryChanges = hasBoth ? compareQueries(before, after) : [];
  const [old, now] = [durationsOf(before), durationsOf(after)];
  return {
    name,
    change: changeOf(before, after, queryChanges),
    countBefore: before.length,
    countAfter: after.length,
    p50: figure(percentile(old, 0.5), percentile(now, 0.5)),
    p95: figure(percentile(old, 0.95), percentile(now, 0.95)),
    queries: figure(meanOf(queriesOf(before)), meanOf(queriesOf(after))),
    queryMs: figure(meanOf(queryMsOf(before)), meanOf(queryMsOf(after))),
    errors: figure(failedShare(before), failedShare(after)),
    queryChanges,
  };
}

function changeOf(
  before: readonly ComparedUnit[],
  after: readonly ComparedUnit[],
  queryChanges: readonly QueryChange[],
): RouteComparison["change"] {
  if (before.length === 0) return "new";
  if (after.length === 0) return "gone";
  const direction = durationChange(durationsOf(before), durationsOf(after));
  if (direction !== undefined) return direction;
  const changes =
    queryChanges.length > 0 ||
    countChange(queriesOf(before), queriesOf(after)) !== undefined ||
    shareDiffers(failuresIn(before), before.length, failuresIn(after), after.length);
  return changes ? "changed" : "same";
}

function durationsOf(units: readonly ComparedUnit[]): number[] {
  return sortNumbers(units.map(({ durationMs }) => durationMs));
}

function queriesOf(units: readonly ComparedUnit[]): number[] {
  return units.map(({ counts }) => counts.queries);
}

function queryMsOf(units: readonly ComparedUnit[]): number[] {
  return units.map(({ counts }) => counts.queryMs);
}

function failuresIn(units: readonly ComparedUnit[]): number {
  return units.filter(({ failed }) => failed).length;
}

function failedShare(units: readonly ComparedUnit[]): number {
  return failuresIn(units) / Math.max(1, units.length);
}

function figure(before: number, after: number): ComparedFigure {
  const ratio = (after - before) / before;
  return Number.isFinite(ratio) ? { before, after, ratio } : { before, after };
}
