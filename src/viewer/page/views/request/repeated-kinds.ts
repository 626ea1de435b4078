import type { RepeatedCalls, Severity } from "../../../model.ts";

const titles: Readonly<Record<RepeatedCalls["kind"], string>> = {
  "n+1": "N+1",
  duplicate: "Duplicate",
  similar: "Similar",
  batchable: "Batchable",
  possible: "Possible N+1",
};

export function titleOf({ kind }: RepeatedCalls): string {
  return titles[kind];
}

const ranks: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** Compares groups: the worst first, then what costs most. */
export function severityOrder(a: RepeatedCalls, b: RepeatedCalls): number {
  return ranks[a.severity] - ranks[b.severity] || b.count * b.totalMs - a.count * a.totalMs;
}
