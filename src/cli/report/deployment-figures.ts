import { selector } from "../../ops/prometheus/promql.ts";
import { PROMETHEUS_METRIC as DEPLOYMENT_TIME } from "../deploy/deployment-metric.ts";
import { afterStart, stepOf } from "./figures.ts";
import type { Period, ReportPeriods } from "./period.ts";
import type { PrometheusApi, Series } from "../prometheus/prometheus-api.ts";
import type { Deployment } from "./report.ts";

/** How exactly the time of a version change is known, in seconds. */
const VERSION_STEP = 300;
const HOUR_SECONDS = 3600;

/**
 * Queries the deployments of one service: those that `telltale deploy` has recorded, and
 * changes of the version of the service.
 *
 * @throws PrometheusError
 */
export async function deploymentsOf(
  api: PrometheusApi,
  service: string,
  { period, before }: ReportPeriods,
): Promise<Deployment[]> {
  const [recorded, changes] = await Promise.all([
    recordedDeployments(api, service, period),
    versionChanges(api, service, { start: before.start, end: period.end }),
  ]);
  const versions = new Set(recorded.map(({ version }) => version));
  const others = changes.filter(
    ({ time, version }) => time > period.start && !versions.has(version),
  );
  return [...recorded, ...others].toSorted((a, b) => a.time.getTime() - b.time.getTime());
}

/** The value is the time of the last deployment, so the highest of each hour has all of them but the fastest. */
async function recordedDeployments(
  api: PrometheusApi,
  service: string,
  period: Period,
): Promise<Deployment[]> {
  const step = stepOf(period, HOUR_SECONDS);
  const name = service.slice(service.lastIndexOf("/") + 1);
  const series = selector(DEPLOYMENT_TIME, [["service_name", "=", name]]);
  const found = await api.range(
    `max_over_time(${series}[${step}s])`,
    afterStart(period, step),
    step,
  );
  const deployments = found.flatMap(({ labels, points }) =>
    [...new Set(points.map(({ value }) => value))].map((seconds) => ({
      time: new Date(seconds * 1000),
      version: labels["service_version"] ?? "",
      environment: labels["deployment_environment_name"],
      source: "telltale deploy" as const,
    })),
  );
  // Several paths may have brought the same deployment.
  const unique = new Map(deployments.map((one) => [JSON.stringify(one), one]));
  return [...unique.values()].filter(({ time }) => time > period.start && time <= period.end);
}

async function versionChanges(
  api: PrometheusApi,
  service: string,
  period: Period,
): Promise<Deployment[]> {
  const series = selector("target_info", [["job", "=", service]]);
  const found = await api.range(`count by (service_version) (${series})`, period, VERSION_STEP);
  const versionsAt = Map.groupBy(found.flatMap(versionPoints), ({ time }) => time);
  const times = [...versionsAt.keys()].toSorted((a, b) => a - b);
  const changes: Deployment[] = [];
  let previous: Set<string> | undefined;
  for (const time of times) {
    const versions = new Set(versionsAt.get(time)?.map(({ version }) => version));
    for (const version of versions)
      if (previous?.has(version) === false)
        changes.push({
          ...{ time: new Date(time * 1000), version, environment: undefined },
          source: "version change",
        });
    previous = versions;
  }
  return changes;
}

function versionPoints({ labels, points }: Series): { time: number; version: string }[] {
  const version = labels["service_version"];
  return version === undefined ? [] : points.map(({ time }) => ({ time, version }));
}
