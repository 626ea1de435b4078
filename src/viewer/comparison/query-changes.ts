import type { RouteComparison, SourcePlace } from "../model.ts";
import type { ComparedUnit, QueryUse } from "./compared-unit.ts";
import { countChange, durationChange } from "./difference.ts";

export type QueryChange = RouteComparison["queryChanges"][number];

/** One query in all units of work of one side. */
interface QuerySample {
  readonly example: string;
  readonly place: SourcePlace | undefined;
  /** How often each unit that uses the query does so. */
  readonly counts: readonly number[];
  /** Average duration of a call, for each of these units. */
  readonly durations: readonly number[];
}

/** The units of work of one side, by query. */
interface Side {
  readonly units: number;
  readonly queries: ReadonlyMap<string, QuerySample>;
}

/**
 * Compares the queries of two sets of units of work by fingerprint: first those that are
 * new, more and slower, by their time.
 *
 * A query that only one side has is new or gone if it is expected on the other side at
 * least once, by the share of units that use it: one that runs in 1 of 100 requests is
 * not missed in 5.
 */
export function compareQueries(
  before: readonly ComparedUnit[],
  after: readonly ComparedUnit[],
): QueryChange[] {
  const [old, now] = [sideOf(before), sideOf(after)];
  const fingerprints = new Set([...now.queries.keys(), ...old.queries.keys()]);
  const changes = [...fingerprints].flatMap((fingerprint) => {
    const change = changeOf(old, now, fingerprint);
    return change === undefined ? [] : [describe(change, fingerprint, old, now)];
  });
  return changes.toSorted((a, b) => order[a.change] - order[b.change] || costOf(b) - costOf(a));
}

const order: Readonly<Record<QueryChange["change"], number>> = {
  new: 0,
  more: 1,
  slower: 2,
  fewer: 3,
  gone: 4,
  faster: 5,
};

/** Time per unit of work that a change is about. */
function costOf({ msBefore, msAfter, perUnitBefore, perUnitAfter }: QueryChange): number {
  return Math.abs(msAfter * perUnitAfter - msBefore * perUnitBefore);
}

function sideOf(units: readonly ComparedUnit[]): Side {
  const uses = new Map<string, QueryUse[]>();
  for (const use of units.flatMap(({ queries }) => queries)) {
    const same = uses.get(use.fingerprint);
    if (same === undefined) uses.set(use.fingerprint, [use]);
    else same.push(use);
  }
  const samples = [...uses].map(([fingerprint, same]) => [fingerprint, sampleOf(same)] as const);
  return { units: units.length, queries: new Map(samples) };
}

function sampleOf(uses: readonly QueryUse[]): QuerySample {
  return {
    example: uses[0]?.example ?? "",
    place: uses[0]?.place,
    counts: uses.map(({ count }) => count),
    durations: uses.map(({ count, totalMs }) => totalMs / Math.max(1, count)),
  };
}

function changeOf(old: Side, now: Side, fingerprint: string): QueryChange["change"] | undefined {
  const before = old.queries.get(fingerprint);
  const after = now.queries.get(fingerprint);
  if (before === undefined) return isExpected(after, now, old) ? "new" : undefined;
  if (after === undefined) return isExpected(before, old, now) ? "gone" : undefined;
  return (
    countChange(perUnit(before, old), perUnit(after, now)) ??
    durationChange(before.durations, after.durations)
  );
}

function isExpected(sample: QuerySample | undefined, own: Side, other: Side): boolean {
  return sample !== undefined && sample.counts.length * other.units >= own.units;
}

/** Returns the counts of all units, also of those that do not use the query. */
function perUnit({ counts }: QuerySample, { units }: Side): number[] {
  return Array.from({ length: units }, (_, at) => counts[at] ?? 0);
}

function describe(
  change: QueryChange["change"],
  fingerprint: string,
  old: Side,
  now: Side,
): QueryChange {
  const before = old.queries.get(fingerprint);
  const after = now.queries.get(fingerprint);
  const place = after?.place ?? before?.place;
  return {
    change,
    fingerprint,
    example: (after ?? before)?.example ?? fingerprint,
    ...(place && { place }),
    perUnitBefore: callsOf(before) / Math.max(1, old.units),
    perUnitAfter: callsOf(after) / Math.max(1, now.units),
    msBefore: timeOf(before) / Math.max(1, callsOf(before)),
    msAfter: timeOf(after) / Math.max(1, callsOf(after)),
  };
}

function callsOf(sample: QuerySample | undefined): number {
  return sample?.counts.reduce((sum, count) => sum + count, 0) ?? 0;
}

function timeOf(sample: QuerySample | undefined): number {
  return (
    sample?.counts.reduce((sum, count, at) => sum + count * (sample.durations[at] ?? 0), 0) ?? 0
  );
}
