import * as fc from "fast-check";
import type { ComparedUnits } from "../../../src/viewer/comparison/comparison.ts";
import type { ComparedUnit, QueryUse } from "../../../src/viewer/comparison/compared-unit.ts";

/** Creates a unit of work; its counts follow from its queries. */
export function unit(
  name: string,
  durationMs: number,
  queries: readonly QueryUse[] = [],
  failed = false,
): ComparedUnit {
  const sum = (read: (use: QueryUse) => number): number =>
    queries.reduce((total, use) => total + read(use), 0);
  const counts = { queries: sum(({ count }) => count), queryMs: sum(({ totalMs }) => totalMs) };
  return { name, durationMs, failed, counts, queries };
}

export function query(fingerprint: string, count: number, totalMs: number = count): QueryUse {
  return { fingerprint, example: fingerprint.replace("?", "7"), count, totalMs };
}

export function run(id: string, units: readonly ComparedUnit[]): ComparedUnits {
  return { side: { kind: "run", id, label: id }, units };
}

const queryUse = fc.record({
  fingerprint: fc.constantFrom("SELECT a", "SELECT b", "SELECT c", "UPDATE d"),
  example: fc.constant("SELECT 1"),
  count: fc.integer({ min: 1, max: 40 }),
  totalMs: fc.double({ min: 0, max: 500, noNaN: true }),
});

/** Any units of work. */
export const anyUnits: fc.Arbitrary<ComparedUnit[]> = fc.array(
  fc
    .record({
      name: fc.constantFrom("GET /a", "GET /b", "job c"),
      durationMs: fc.double({ min: 0, max: 10_000, noNaN: true }),
      queries: fc.uniqueArray(queryUse, { selector: ({ fingerprint }) => fingerprint }),
      failed: fc.boolean(),
    })
    .map(({ name, durationMs, queries, failed }) => unit(name, durationMs, queries, failed)),
  { maxLength: 60 },
);
