import type { Attributes } from "@opentelemetry/api";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { Deployment } from "./deployment.ts";

/*
 * The metric of a deployment: a gauge whose value is the time of the deployment, so that a
 * single sample, and one that is repeated for weeks, have the same meaning. Its labels are
 * its own and not those of a scrape, so they are the same on each path.
 */

const METRIC = "telltale.deployment.time";
/** Its name in Prometheus. */
export const PROMETHEUS_METRIC = "telltale_deployment_time_seconds";
const HELP = "Time of the last deployment of a service, in seconds since 1970.";

/** Returns the attributes of the metric. */
export function attributesOf(deployment: Deployment): Readonly<Record<string, string>> {
  const { service = "", namespace, version, environment, commit } = deployment;
  return {
    "service.name": service,
    ...(namespace !== undefined && { "service.namespace": namespace }),
    "service.version": version,
    "deployment.environment.name": environment,
    ...(commit !== undefined && { "vcs.ref.head.revision": commit }),
  };
}

/** Returns the metric for OTLP. */
export function metricOf(deployment: Deployment, version: string): ResourceMetrics {
  const now = Date.now();
  const time: [number, number] = [Math.trunc(now / 1000), (now % 1000) * 1e6];
  const attributes = attributesOf(deployment);
  return {
    resource: resourceOf(attributes),
    scopeMetrics: [
      {
        scope: { name: "telltale", version },
        metrics: [
          {
            descriptor: { name: METRIC, description: HELP, unit: "s", valueType: DOUBLE },
            aggregationTemporality: CUMULATIVE,
            dataPointType: GAUGE,
            dataPoints: [
              { startTime: time, endTime: time, attributes, value: secondsOf(deployment) },
            ],
          },
        ],
      },
    ],
  };
}

/** The SDK's `ValueType.DOUBLE`, `AggregationTemporality.CUMULATIVE` and `DataPointType.GAUGE`. */
const DOUBLE = 1;
const CUMULATIVE = 1;
const GAUGE = 2;

/** Its service is the job of the series behind a Collector. */
function resourceOf(attributes: Attributes): ResourceMetrics["resource"] {
  const names = ["service.name", "service.namespace"];
  const own = Object.fromEntries(
    Object.entries(attributes).filter(([name]) => names.includes(name)),
  );
  return {
    attributes: own,
    asyncAttributesPending: false,
    waitForAsyncAttributes: async () => {},
    getRawAttributes: () => Object.entries(own),
    merge() {
      return this;
    },
  };
}

function secondsOf({ finished }: Deployment): number {
  return finished.getTime() / 1000;
}

/** Returns the metric in the text format of Prometheus, without a timestamp. */
export function exposition(deployment: Deployment): string {
  const labels = Object.entries(attributesOf(deployment)).map(
    ([name, value]) => `${name.replaceAll(".", "_")}="${escapeLabel(value)}"`,
  );
  return [
    `# HELP ${PROMETHEUS_METRIC} ${HELP}`,
    `# TYPE ${PROMETHEUS_METRIC} gauge`,
    `${PROMETHEUS_METRIC}{${labels.join(",")}} ${secondsOf(deployment)}`,
    "",
  ].join("\n");
}

function escapeLabel(text: string): string {
  return text
    .replaceAll("\\", String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll("\n", String.raw`\n`);
}
