import type { EndpointMetrics, MetricsSummary, RequestCounts } from "../../api.ts";
import { now } from "../../clock.ts";
import type { EndedRequest } from "../../context/unit-views.ts";
import { SECONDS_BOUNDARIES } from "../boundaries.ts";
import type { BindableRecorder } from "../meter.ts";
import type { Metrics } from "../metrics.ts";
import { EndpointStats } from "./endpoint-stats.ts";
import { type Counts, noCounts, RollingCounts } from "./rolling-counts.ts";

/** More routes than any app has. Further ones are in the counts of the process only. */
const MAX_ENDPOINTS = 1000;

const TOO_MANY_REQUESTS = 429;

const QUERY_BOUNDARIES = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000];

export type RequestSummaryDeps = Pick<Metrics, "meter" | "exemplarFilter">;

/**
 * Counts the requests of HTTP servers in the process itself: all, those of the last five
 * minutes, and by route. Records the queries of each request as metrics, too.
 */
export class RequestSummary {
  readonly #exemplarContextOf: Metrics["exemplarFilter"];
  readonly #queries: BindableRecorder;
  readonly #queryDuration: BindableRecorder;
  readonly #counts = noCounts();
  readonly #recent = new RollingCounts();
  readonly #endpoints = new Map<string | undefined, EndpointStats>();

  constructor({ meter, exemplarFilter }: RequestSummaryDeps) {
    this.#exemplarContextOf = exemplarFilter;
    this.#queries = meter.createHistogram("telltale.request.queries", {
      description: "Number of database queries of a request that made any.",
      unit: "{query}",
      advice: { explicitBucketBoundaries: QUERY_BOUNDARIES },
    });
    this.#queryDuration = meter.createHistogram("telltale.request.query.duration", {
      description: "Time in which a request waited for database queries.",
      unit: "s",
      advice: { explicitBucketBoundaries: [...SECONDS_BOUNDARIES] },
    });
  }

  add(request: EndedRequest): void {
    addTo(this.#counts, request);
    addTo(this.#recent.countsAt(request.endedAt), request);
    const endpoint = this.#endpointOf(request.route);
    if (endpoint === undefined) return;
    addTo(endpoint.counts, request);
    endpoint.add(request, this.#exemplarContextOf(request.span));
  }

  summary(): MetricsSummary {
    return {
      startedAt: new Date(performance.timeOrigin).toISOString(),
      sinceStart: withErrorRate(this.#counts),
      lastFiveMinutes: withErrorRate(this.#recent.sumAt(now())),
    };
  }

  /** @param route as in `http.route`; undefined for requests without one */
  endpoint(route: string | undefined): EndpointMetrics | undefined {
    return this.#endpoints.get(route)?.metrics();
  }

  endpoints(): EndpointMetrics[] {
    return Array.from(this.#endpoints.values(), (endpoint) => endpoint.metrics());
  }

  #endpointOf(route: string | undefined): EndpointStats | undefined {
    const known = this.#endpoints.get(route);
    if (known !== undefined || this.#endpoints.size >= MAX_ENDPOINTS) return known;
    const endpoint = new EndpointStats(route, (method) => {
      const attributes = { "http.request.method": method, ...(route && { "http.route": route }) };
      const count = this.#queries.bind(attributes);
      return { count, duration: this.#queryDuration.bind(attributes) };
    });
    this.#endpoints.set(route, endpoint);
    return endpoint;
  }
}

export function createRequestSummary(deps: RequestSummaryDeps): RequestSummary {
  return new RequestSummary(deps);
}

function addTo(counts: Counts, { statusCode = 0, failed }: EndedRequest): void {
  counts.requests++;
  if (failed) counts.failed++;
  if (statusCode < 400) return;
  if (statusCode >= 500) counts.errors5xx++;
  else counts.errors4xx++;
  if (statusCode === TOO_MANY_REQUESTS) counts.rateLimitHits++;
}

function withErrorRate({ failed, ...counts }: Counts): RequestCounts {
  return { ...counts, errorRate: failed / Math.max(1, counts.requests) };
}
