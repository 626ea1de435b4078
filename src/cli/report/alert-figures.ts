import type { Period } from "./period.ts";
import type { Labels, Point, PrometheusApi } from "../prometheus/prometheus-api.ts";
import type { FiredAlert } from "./report.ts";

/** A week has fewer minutes than the 11,000 steps that Prometheus allows. */
const STEP_SECONDS = 60;

/**
 * Queries the alerts that fired in a period, to the minute. The dead man's switch, which
 * always fires, is left out: `Watchdog`, and the severity `none`.
 *
 * @throws PrometheusError
 */
export async function firedAlerts(api: PrometheusApi, period: Period): Promise<FiredAlert[]> {
  const alerts = 'ALERTS{alertstate="firing",alertname!="Watchdog",severity!="none"}';
  const series = await api.range(
    `count by (alertname, severity, job, service) (${alerts} == 1)`,
    period,
    STEP_SECONDS,
  );
  return series
    .filter(({ points }) => points.length > 0)
    .map(({ labels, points }) => ({
      name: labels["alertname"] ?? "",
      severity: labels["severity"],
      service: serviceOf(labels),
      times: episodes(points),
      seconds: points.length * STEP_SECONDS,
      isFiringAtEnd: points.at(-1)?.time === period.end.getTime() / 1000,
    }))
    .toSorted((a, b) => b.seconds - a.seconds);
}

/** Returns the service of an alert; undefined if none of its labels names one. */
function serviceOf({ service, job }: Labels): string | undefined {
  return service ?? job;
}

/** Returns how often an alert began to fire, or fired at the start. */
function episodes(points: readonly Point[]): number {
  return points.filter(({ time }, at) => time - (points[at - 1]?.time ?? -Infinity) > STEP_SECONDS)
    .length;
}
