import type { Counts, SourcePlace, SpanDetail } from "../model.ts";

/** How one unit of work uses one query. */
export interface QueryUse {
  readonly fingerprint: string;
  /** The first call's own text. */
  readonly example: string;
  readonly place?: SourcePlace;
  readonly count: number;
  /** Sum of the durations. */
  readonly totalMs: number;
}

/** What a comparison reads of a unit of work. */
export interface ComparedUnit {
  readonly name: string;
  readonly durationMs: number;
  readonly failed: boolean;
  readonly counts: Pick<Counts, "queries" | "queryMs">;
  /** One entry for each fingerprint. */
  readonly queries: readonly QueryUse[];
}

type QuerySpan = Pick<SpanDetail, "query" | "place" | "durationMs">;

/** Adds up the queries of a unit of work by fingerprint, in the order of their first calls. */
export function queryUsesOf(spans: Iterable<QuerySpan>): QueryUse[] {
  const uses = new Map<string, QueryUse>();
  for (const { query, place, durationMs } of spans) {
    if (query === undefined) continue;
    const { fingerprint } = query;
    const use = uses.get(fingerprint) ?? { ...firstUse(query.text, place), fingerprint };
    const { count, totalMs } = use;
    uses.set(fingerprint, { ...use, count: count + 1, totalMs: totalMs + durationMs });
  }
  return [...uses.values()];
}

function firstUse(example: string, place: SourcePlace | undefined): Omit<QueryUse, "fingerprint"> {
  return { example, ...(place && { place }), count: 0, totalMs: 0 };
}
