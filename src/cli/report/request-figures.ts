import { type Matcher, selector } from "../../ops/prometheus/promql.ts";
import { type Both, bothIncreases, compare } from "./comparison.ts";
import { afterStart, hourlyIncreases, type Increase, stepOf, totalOf } from "./figures.ts";
import type { ReportPeriods } from "./period.ts";
import type { Point, PrometheusApi, Series } from "../prometheus/prometheus-api.ts";
import { type Bucket, bucketLimitOf, type Quantile, quantileOf } from "./quantile.ts";
import type { RouteFigures, ServiceCharts, ServiceFigures } from "./report.ts";

const DURATION = "http_server_request_duration_seconds";
const ROUTE = ["http_request_method", "http_route"] as const;
/** The requests that fail the objective of `telltale slo`, too. */
const FAILED: Matcher = ["http_response_status_code", "=~", "5.."];

const MAX_ROUTES = 10;
/** A route with fewer requests has no percentiles that mean anything. */
const MIN_REQUESTS = 20;

export type RequestFigures = Pick<
  ServiceFigures,
  "requests" | "failed" | "p50" | "p95" | "p99" | "slowest" | "failing"
>;

/** Queries the figures of the requests of a job. @throws PrometheusError */
export async function requestFigures(
  api: PrometheusApi,
  job: Matcher,
  periods: ReportPeriods,
): Promise<RequestFigures> {
  const [requests, failed, buckets] = await Promise.all([
    bothIncreases(api, { name: `${DURATION}_count`, matchers: [job] }, ROUTE, periods),
    bothIncreases(api, { name: `${DURATION}_count`, matchers: [job, FAILED] }, ROUTE, periods),
    bothIncreases(api, { name: `${DURATION}_bucket`, matchers: [job] }, ["le", ...ROUTE], periods),
  ]);
  const total = compare(requests, totalOf);
  return {
    requests: total,
    failed: compare(failed, (list, when) => failuresOf(list, total[when])),
    p50: compare(buckets, (list) => quantileIn(0.5, list)),
    p95: compare(buckets, (list) => quantileIn(0.95, list)),
    p99: compare(buckets, (list) => quantileIn(0.99, list)),
    ...worstRoutes(routeFigures(requests, failed, buckets)),
  };
}

/** Queries the requests of a job by hour. @throws PrometheusError */
export async function chartsOf(
  api: PrometheusApi,
  job: Matcher,
  { period }: ReportPeriods,
): Promise<ServiceCharts> {
  const step = stepOf(period, 3600);
  const buckets = selector(`${DURATION}_bucket`, [job]);
  const [requests, failed, p95] = await Promise.all([
    hourlyIncreases(api, { name: `${DURATION}_count`, matchers: [job] }, [], period),
    hourlyIncreases(api, { name: `${DURATION}_count`, matchers: [job, FAILED] }, [], period),
    api.range(
      `histogram_quantile(0.95, sum by (le) (increase(${buckets}[${step}s])))`,
      afterStart(period, step),
      step,
    ),
  ]);
  return { requests: pointsOf(requests), failed: pointsOf(failed), p95: pointsOf(p95) };
}

function pointsOf(series: readonly Series[]): readonly Point[] {
  return series[0]?.points ?? [];
}

function routeFigures(
  requests: Both<Increase[]>,
  failed: Both<Increase[]>,
  buckets: Both<Increase[]>,
): RouteFigures[] {
  const ofRequests = byRoute(requests);
  const ofFailed = byRoute(failed);
  const ofBuckets = byRoute(buckets);
  return [...ofRequests.now.keys()].map((route) => {
    const total = compare(ofRequests, (groups) => totalOf(groups.get(route) ?? []));
    return {
      route,
      requests: total,
      failed: compare(ofFailed, (groups, when) => failuresOf(groups.get(route) ?? [], total[when])),
      p95: compare(ofBuckets, (groups) => quantileIn(0.95, groups.get(route) ?? [])),
    };
  });
}

function byRoute({ now, before }: Both<readonly Increase[]>): Both<Map<string, Increase[]>> {
  return { now: Map.groupBy(now, routeOf), before: Map.groupBy(before, routeOf) };
}

function routeOf({ labels }: Increase): string {
  return `${labels["http_request_method"] ?? ""} ${labels["http_route"] ?? "(no route)"}`.trim();
}

/** A status has no series before its first response: without one, none of the requests failed. */
function failuresOf(failed: readonly Increase[], requests: number | undefined): number | undefined {
  return requests === undefined ? undefined : (totalOf(failed) ?? 0);
}

function worstRoutes(routes: readonly RouteFigures[]): Pick<ServiceFigures, "slowest" | "failing"> {
  const measured = routes.filter(
    ({ requests, p95 }) => p95.now !== undefined && (requests.now ?? 0) >= MIN_REQUESTS,
  );
  const failing = routes.filter(({ failed }) => Math.round(failed.now ?? 0) > 0);
  return {
    slowest: measured.toSorted((a, b) => secondsOf(b) - secondsOf(a)).slice(0, MAX_ROUTES),
    failing: failing.toSorted((a, b) => failedOf(b) - failedOf(a)).slice(0, MAX_ROUTES),
  };
}

function secondsOf({ p95 }: RouteFigures): number {
  return p95.now?.seconds ?? 0;
}

function failedOf({ failed }: RouteFigures): number {
  return failed.now ?? 0;
}

function quantileIn(q: number, increases: readonly Increase[]): Quantile | undefined {
  const buckets = increases.map(({ labels, value }): Bucket => ({
    limit: bucketLimitOf(labels["le"]),
    count: value,
  }));
  return quantileOf(q, buckets);
}
