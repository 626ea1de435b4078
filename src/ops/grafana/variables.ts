import type { OpsOptions } from "../options/ops-options.ts";
import { selector } from "../prometheus/promql.ts";
import { jobPattern, serviceMatchers } from "../prometheus/service-selection.ts";
import type { Variable } from "./dashboard.ts";

/** The source of metrics. Its uid differs between installations, so that no panel has one. */
const metricSource: Variable = {
  kind: "data source",
  name: "datasource",
  label: "Metrics",
  plugin: "prometheus",
};

/** Variables of dashboards on services: `$job` and `$instance`. */
export function serviceVariables({ services }: OpsOptions): readonly Variable[] {
  return [
    metricSource,
    {
      kind: "label",
      name: "job",
      label: "Service",
      query: `label_values(${selector("target_info", serviceMatchers(services))}, job)`,
      // Series without the label, too, as those of a rule that sums up.
      all: services.length === 0 ? ".*" : jobPattern(services),
    },
    {
      kind: "label",
      name: "instance",
      label: "Instance",
      query: `label_values(target_info{job=~"$job"}, instance)`,
      all: ".*",
    },
  ];
}

/** Variables of dashboards on objectives, whose recorded series have the labels of Sloth. */
export const objectiveVariables: readonly Variable[] = [
  metricSource,
  {
    kind: "label",
    name: "sloth_service",
    label: "Service",
    query: "label_values(slo:objective:ratio, sloth_service)",
    all: ".*",
  },
  {
    kind: "label",
    name: "sloth_slo",
    label: "Objective",
    query: `label_values(slo:objective:ratio{sloth_service=~"$sloth_service"}, sloth_slo)`,
    all: ".*",
  },
];

/** Variables of dashboards with lines: the source of logs, and the names of the selected services. */
export function logVariables({ grafana }: OpsOptions): readonly Variable[] {
  return [
    { kind: "data source", name: "logs", label: "Logs", plugin: logPlugins[grafana.logs.store] },
    {
      kind: "label",
      name: "service",
      label: "Name",
      query: `label_values(target_info{job=~"$job"}, job)`,
      // Behind a Collector, `job` is `namespace/name`.
      regex: "/([^\\/]+)$/",
      isHidden: true,
    },
  ];
}

/** The types of data sources for logs in Grafana. */
export const logPlugins = {
  loki: "loki",
  victorialogs: "victoriametrics-logs-datasource",
} as const;
