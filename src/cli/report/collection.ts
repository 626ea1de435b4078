import { firedAlerts } from "./alert-figures.ts";
import { stepOf } from "./figures.ts";
import type { Period, ReportKind, ReportPeriods } from "./period.ts";
import type { PrometheusApi } from "../prometheus/prometheus-api.ts";
import type { FiredAlert, Report } from "./report.ts";
import { figuresOf } from "./service-figures.ts";

/** What a report is about. */
export interface ReportScope {
  readonly kind: ReportKind;
  readonly periods: ReportPeriods;
  /** Names of services, which are the label `job` or its end after a slash. Empty: all. */
  readonly services: readonly string[];
}

/**
 * Queries all figures of a report. A named service without data is part of it.
 *
 * @throws PrometheusError
 */
export async function collectReport(
  api: PrometheusApi,
  { kind, periods, services: names }: ReportScope,
): Promise<Report> {
  const jobs = await jobsIn(api, periods.period);
  const services =
    names.length === 0 ? jobs : [...new Set(names.flatMap((name) => jobsOf(name, jobs)))];
  const alerts = await firedAlerts(api, periods.period);
  const figures = [];
  // One after the other: a report is in no hurry, and Prometheus has other users.
  for (const service of services) figures.push(await figuresOf(api, service, periods));
  const isOfReport = ({ service }: FiredAlert): boolean =>
    names.length === 0 ||
    service === undefined ||
    jobsOf(service, services).some((job) => services.includes(job));
  return { kind, ...periods, services: figures, alerts: alerts.filter(isOfReport) };
}

/** Returns the jobs that served requests in a period, or had telemetry of telltale, as a worker does. */
async function jobsIn(api: PrometheusApi, period: Period): Promise<string[]> {
  const step = Math.min(stepOf(period, 3600), 300);
  const query =
    "count by (job) (http_server_request_duration_seconds_count) or count by (job) (telltale_telemetry_created_total)";
  const series = await api.range(query, period, step);
  return series.flatMap(({ labels: { job } }) => (job === undefined ? [] : [job])).toSorted();
}

/** Returns the jobs of a service: `shop` is also that of the namespace `web/shop`. */
function jobsOf(name: string, jobs: readonly string[]): readonly string[] {
  const found = jobs.filter((job) => job === name || job.endsWith(`/${name}`));
  return found.length > 0 ? found : [name];
}
