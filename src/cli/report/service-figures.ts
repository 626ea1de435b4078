import type { Matcher } from "../../ops/prometheus/promql.ts";
import { type Both, bothIncreases } from "./comparison.ts";
import { deploymentsOf } from "./deployment-figures.ts";
import { type Increase, increasesOf, totalOf } from "./figures.ts";
import { objectivesOf } from "./objective-figures.ts";
import type { ReportPeriods } from "./period.ts";
import type { PrometheusApi } from "../prometheus/prometheus-api.ts";
import type { ServiceFigures, TelemetryFigures } from "./report.ts";
import { chartsOf, requestFigures } from "./request-figures.ts";

const MAX_EXCEPTIONS = 10;

/** Queries the figures of one service. @throws PrometheusError */
export async function figuresOf(
  api: PrometheusApi,
  service: string,
  periods: ReportPeriods,
): Promise<ServiceFigures> {
  const job: Matcher = ["job", "=", service];
  const exceptionCounter = { name: "telltale_exceptions_total", matchers: [job] };
  const [requests, objectives, deployments, exceptions, telemetry, charts] = await Promise.all([
    requestFigures(api, job, periods),
    objectivesOf(api, service, periods),
    deploymentsOf(api, service, periods),
    bothIncreases(api, exceptionCounter, ["error_type"], periods),
    telemetryFigures(api, job, periods),
    chartsOf(api, job, periods),
  ]);
  const { now, before } = requests.requests;
  const isKnown = now !== undefined || telemetry !== undefined || exceptions.now.length > 0;
  return {
    service,
    ...requests,
    objectives,
    deployments,
    exceptions: isKnown ? exceptionsByType(exceptions, before !== undefined) : undefined,
    telemetry,
    charts,
  };
}

async function telemetryFigures(
  api: PrometheusApi,
  job: Matcher,
  { period }: ReportPeriods,
): Promise<TelemetryFigures[] | undefined> {
  const [created = [], dropped = []] = await Promise.all(
    ["created", "dropped"].map((what) => {
      const counter = { name: `telltale_telemetry_${what}_total`, matchers: [job] };
      return increasesOf(api, counter, ["telltale_signal"], period);
    }),
  );
  if (created.length === 0 && dropped.length === 0) return undefined;
  const signals = [...new Set([...created, ...dropped].map(signalOf))].toSorted();
  const sum = (list: readonly Increase[], signal: string): number =>
    totalOf(list.filter((one) => signalOf(one) === signal)) ?? 0;
  return signals.map((signal) => ({
    signal,
    created: sum(created, signal),
    dropped: sum(dropped, signal),
  }));
}

function signalOf({ labels }: Increase): string {
  return labels["telltale_signal"] ?? "";
}

function exceptionsByType(
  exceptions: Both<Increase[]>,
  isBeforeKnown: boolean,
): NonNullable<ServiceFigures["exceptions"]> {
  const now = Map.groupBy(exceptions.now, typeOf);
  const before = Map.groupBy(exceptions.before, typeOf);
  return [...now]
    .map(([type, list]) => ({
      type,
      now: totalOf(list),
      // A type has no series before its first exception.
      before: totalOf(before.get(type) ?? []) ?? (isBeforeKnown ? 0 : undefined),
    }))
    .filter(({ now: count = 0 }) => Math.round(count) > 0)
    .toSorted((a, b) => (b.now ?? 0) - (a.now ?? 0))
    .slice(0, MAX_EXCEPTIONS);
}

function typeOf({ labels }: Increase): string {
  return labels["error_type"] ?? "(no type)";
}
