import type {
  Comparison,
  MetricSeries,
  RepeatedCalls,
  RouteSummary,
  SpanDetail,
  UnitDetail,
  UnitSummary,
} from "../../../src/viewer/model.ts";
import type { ViewerSource } from "../../../src/cli/viewer/viewer-source.ts";

type Parts = Partial<Omit<UnitDetail, "summary">> & { readonly summary?: Partial<UnitSummary> };

/** Creates a request with any parts. */
export function unitDetail({ summary = {}, ...parts }: Parts = {}): UnitDetail {
  return {
    summary: {
      ...{ id: "0123abcd", traceId: "a".repeat(32), spanId: "0123abcd01234567" },
      ...{ kind: "request", service: "shop", run: "r1", name: "GET /orders", path: "/orders?x=1" },
      ...{ status: 200, start: Date.UTC(2026, 10, 30), durationMs: 120, failed: false },
      counts: {
        ...{ spans: 3, queries: 2, queryMs: 80, cacheHits: 0, cacheMisses: 0, calls: 0, callMs: 0 },
        ...{ logs: 0, errors: 0, stalls: 0 },
      },
      ...{ nPlusOne: false, noise: false, pinned: false, profiles: [] },
      ...summary,
    },
    ...{ spans: [], omittedSpans: 0, logs: [], errors: [], repeated: [], stalls: [] },
    ...{ profiles: [], requestHeaders: {}, responseHeaders: {} },
    timing: [
      { what: "queries", ms: 80 },
      { what: "code", ms: 40 },
    ],
    ...parts,
  };
}

let lastSpan = 0;

/** Creates a span with any parts. */
export function spanDetail(parts: Partial<SpanDetail> = {}): SpanDetail {
  const spanId = (++lastSpan).toString(16).padStart(16, "0");
  return {
    ...{ spanId, service: "shop", name: "span", kind: "internal", offsetMs: 0, durationMs: 1 },
    ...{ selfMs: 1, depth: 0, failed: false, focused: true, attributes: {}, events: [] },
    ...parts,
  };
}

export function repeatedCalls(parts: Partial<RepeatedCalls> = {}): RepeatedCalls {
  return {
    ...{ kind: "n+1", severity: "warning", source: "sql", fingerprint: "SELECT ?" },
    ...{ example: "SELECT 1", count: 12, distinct: 12, totalMs: 60, concurrent: false },
    ...{ spanIds: [], hint: "Use a join" },
    place: { file: "/app/src/orders.js", line: 41, shown: "src/orders.js", function: "list" },
    ...parts,
  };
}

interface Fixture {
  readonly units: readonly UnitDetail[];
  readonly metrics?: readonly MetricSeries[];
  readonly comparison?: Comparison;
}

/** Creates a source of requests, with few filters. */
export function fixtureSource({ units, metrics = [], comparison }: Fixture): ViewerSource {
  const summaries = units.map(({ summary }) => summary);
  const refuse = (): Promise<never> => Promise.reject(new Error("not in the fixture"));
  return {
    description: "viewer http://localhost:9465",
    units: async ({ limit, failed, nPlusOne, name }) => {
      const all = summaries
        .filter((one) => name === undefined || one.name === name)
        .filter((one) => failed !== true || one.failed)
        .filter((one) => nPlusOne !== true || one.nPlusOne);
      const next = all.length > limit ? { next: "c2" } : {};
      return { items: all.slice(0, limit), total: all.length, ...next };
    },
    unit: async (id) => units.find(({ summary }) => summary.id === id),
    routes: async () => [...new Map(summaries.map((one) => [one.name, routeOf(one)])).values()],
    runs: async () => [],
    metrics: async () => metrics,
    profile: async () => undefined,
    compare: async () => comparison ?? refuse(),
    ...{ setBaseline: refuse, pin: refuse, profileNext: refuse, export: refuse, import: refuse },
    close: () => {},
  };
}

function routeOf({ name, kind, service, durationMs, start }: UnitSummary): RouteSummary {
  return {
    ...{ name, kind, service, count: 1, failed: 0, p50Ms: durationMs, p95Ms: durationMs },
    ...{ maxMs: durationMs, queries: 1, queryMs: 1, nPlusOne: 0, lastStart: start },
  };
}
