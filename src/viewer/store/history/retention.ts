import type { PartRecord } from "./archive.ts";

/** Limits of a history. */
export interface Limits {
  readonly units: number;
  readonly bytes: number;
}

/** What the choice needs of a part. */
export interface Candidate {
  readonly id: string;
  readonly units: number;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly changed: number;
  readonly reason: KeepReason | undefined;
}

/** Why a part is kept longer than others; the last one longest. */
export type KeepReason = "failed" | "baseline" | "pinned";

/** Largest share of the history that parts have for one reason. Those beyond it, oldest first, have none. */
const shares: Readonly<Record<KeepReason, number>> = { failed: 0.4, baseline: 0.4, pinned: 0.8 };
const ranks: Readonly<Record<KeepReason, number>> = { failed: 1, baseline: 2, pinned: 3 };

/** Share that is left after parts were dropped, so that this is rare. */
const TARGET = 0.9;

export function candidateOf(
  { id, units, bytes, changed }: PartRecord,
  isBaseline: (run: string) => boolean,
): Candidate {
  return { id, units: units.length, bytes, changed, reason: reasonOf(units, isBaseline) };
}

function reasonOf(
  units: PartRecord["units"],
  isBaseline: (run: string) => boolean,
): KeepReason | undefined {
  if (units.some(({ summary }) => summary.pinned)) return "pinned";
  if (units.some(({ summary }) => isBaseline(summary.run))) return "baseline";
  return units.some(({ summary }) => summary.failed) ? "failed" : undefined;
}

/**
 * Chooses the parts to drop if the limits are exceeded: the oldest first, except that
 * failed, baseline and pinned ones are kept longer.
 *
 * @param used bytes of everything, which exceed the sum of the parts
 */
export function chooseDropped(
  candidates: readonly Candidate[],
  limits: Limits,
  used: number,
): string[] {
  let units = candidates.reduce((sum, candidate) => sum + candidate.units, 0);
  let bytes = used;
  if (units <= limits.units && bytes <= limits.bytes) return [];
  const newestFirst = candidates.toSorted((a, b) => b.changed - a.changed);
  const ranked = rank(newestFirst, limits).toSorted(
    (a, b) => a.rank - b.rank || a.candidate.changed - b.candidate.changed,
  );
  const dropped: string[] = [];
  for (const { candidate } of ranked) {
    if (units <= limits.units * TARGET && bytes <= limits.bytes * TARGET) break;
    dropped.push(candidate.id);
    units -= candidate.units;
    bytes -= candidate.bytes;
  }
  return dropped;
}

function rank(
  newestFirst: readonly Candidate[],
  limits: Limits,
): { candidate: Candidate; rank: number }[] {
  const used = { failed: empty(), baseline: empty(), pinned: empty() };
  return newestFirst.map((candidate) => {
    const { reason } = candidate;
    if (reason === undefined) return { candidate, rank: 0 };
    const sum = used[reason];
    sum.units += candidate.units;
    sum.bytes += candidate.bytes;
    const share = shares[reason];
    const isWithin = sum.units <= limits.units * share && sum.bytes <= limits.bytes * share;
    return { candidate, rank: isWithin ? ranks[reason] : 0 };
  });
}

function empty(): { units: number; bytes: number } {
  return { units: 0, bytes: 0 };
}
