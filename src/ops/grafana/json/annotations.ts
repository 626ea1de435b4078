import { selector } from "../../prometheus/promql.ts";

/** Lines at events, on all graphs of a dashboard. */
export type Annotation =
  | {
      readonly source: "prometheus";
      readonly name: string;
      readonly color: string;
      readonly expr: string;
      /** The text at the line, with labels in double braces. */
      readonly title: string;
      /** Whether the value is the time in milliseconds. */
      readonly isTime: boolean;
    }
  | {
      readonly source: "grafana";
      readonly name: string;
      readonly color: string;
      /** Those of annotations that were sent to Grafana. */
      readonly tags: readonly string[];
    };

/**
 * Deployments of all services, since one of another service is often the cause of a change:
 * those that `telltale deploy` sent to Grafana or to Prometheus, and new versions of processes.
 */
export const deploymentAnnotations: readonly Annotation[] = [
  {
    source: "grafana",
    name: "Deployments",
    color: "blue",
    tags: ["deployment"],
  },
  {
    source: "prometheus",
    name: "Deployments, by their metric",
    color: "blue",
    expr: "max by (service_name, service_version, deployment_environment_name) (telltale_deployment_time_seconds) * 1000",
    title: "{{service_name}} {{service_version}} {{deployment_environment_name}}",
    isTime: true,
  },
  {
    source: "prometheus",
    name: "New versions",
    color: "purple",
    // A version that has not reported for these minutes counts again.
    expr: `${byVersion("")} unless ${byVersion(" offset 10m")}`,
    title: "{{job}} {{service_version}}",
    isTime: false,
  },
];

function byVersion(offset: string): string {
  const running = selector("target_info", [
    ["job", "=~", "$job"],
    ["service_version", "!=", ""],
  ]);
  return `count by (job, service_version) (${running}${offset})`;
}
