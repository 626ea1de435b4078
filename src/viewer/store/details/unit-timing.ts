import type { UnitDetail } from "../../model.ts";
import { busyMs, type Period, unionOf } from "../units/busy-time.ts";
import { roundMs } from "../units/milliseconds.ts";
import type { SpanPurpose } from "../units/span-facts.ts";
import { beginsUnit, type SpanNode } from "../units/span-node.ts";

const waits: readonly {
  readonly purpose: SpanPurpose;
  readonly what: "queries" | "cache" | "calls";
}[] = [
  { purpose: "query", what: "queries" },
  { purpose: "cache", what: "cache" },
  { purpose: "call", what: "calls" },
];

/**
 * Divides the duration of a unit of work by what its own service waited for. Time in
 * which it waited for several things counts for the first of queries, cache and calls;
 * the rest is code.
 */
export function unitTiming(roots: readonly SpanNode[], unit: Period): UnitDetail["timing"] {
  const periods = new Map<SpanPurpose, Period[]>();
  collect(roots, periods);
  let known: Period[] = [];
  let knownMs = 0;
  const timing = waits.map(({ purpose, what }) => {
    known = unionOf([...known, ...(periods.get(purpose) ?? [])], unit);
    const ms = roundMs(busyMs(known) - knownMs);
    knownMs += ms;
    return { what, ms };
  });
  return [
    ...timing,
    { what: "code" as const, ms: Math.max(0, roundMs(unit.end - unit.start - knownMs)) },
  ];
}

/** Spans of other units of work are what a call of this one waits for. */
function collect(roots: readonly SpanNode[], periods: Map<SpanPurpose, Period[]>): void {
  const pending = [...roots];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const { facts, children } = node;
    const list = periods.get(facts.purpose);
    if (list === undefined) periods.set(facts.purpose, [facts]);
    else list.push(facts);
    for (const child of children) if (!beginsUnit(child)) pending.push(child);
  }
}
