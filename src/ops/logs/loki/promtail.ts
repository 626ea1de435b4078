import type { LogOptions } from "../../options/log-options.ts";
import type { OutputFile } from "../../output-file.ts";
import { levelTemplate } from "../level-template.ts";
import { idFields, labelFields, logFilePaths, oneWay } from "../line.ts";
import { comment, each, indent, quote } from "../text.ts";
import { kubernetesRules, type RelabelRule } from "./alloy.ts";

/** Returns complete configurations of Promtail, one for each source. */
export function promtailFiles(options: LogOptions): readonly OutputFile[] {
  return [
    { path: "logs/promtail/files.yaml", text: page(options, files(options)) },
    { path: "logs/promtail/docker.yaml", text: page(options, DOCKER) },
    { path: "logs/promtail/kubernetes.yaml", text: page(options, kubernetes()) },
  ];
}

function page({ lokiUrl }: LogOptions, job: string): string {
  return `${comment(header)}
server:
  http_listen_port: 9080
  grpc_listen_port: 0

positions:
  filename: /var/lib/promtail/positions.yaml

clients:
  - url: ${quote(`${lokiUrl}/loki/api/v1/push`)}
    # By default, lines are dropped after ten attempts. These last eight hours.
    backoff_config:
      max_period: 30s
      max_retries: 1000

scrape_configs:
${indent(job, 2)}
${indent(stages(), 6)}
`;
}

const header = [
  "Promtail is deprecated, and without support since March 2026: use Grafana Alloy for",
  "new installations (logs/alloy). This is the same pipeline, for Loki 3.0 or later:",
  "  promtail -config.file=FILE",
  "",
  ...oneWay,
];

/** The stages of Alloy's `loki.process`, in Promtail's syntax. */
function stages(): string {
  return `# A line that is no JSON, such as what Node prints of a crash, passes as it is.
- json:
    expressions:
${indent(
  each(["timestamp", "time", ...labelFields, ...idFields], (name) => `${name}:`),
  6,
)}
# The time of the line. If there is none, that of the container or of reading it.
- timestamp:
    source: timestamp
    format: RFC3339Nano
    action_on_failure: skip
# pino has milliseconds.
- timestamp:
    source: time
    format: UnixMs
    action_on_failure: skip
# Few values, whatever the logger calls its levels.
- template:
    source: level
    template: '${levelTemplate()}'
- labels:
${indent(
  each(labelFields, (name) => `${name}:`),
  4,
)}
# To be searched, never labels: each request has its own values.
- structured_metadata:
${indent(
  each(idFields, (name) => `${name}:`),
  4,
)}
# Nothing else becomes a label, such as the name of a file or a pod.
- labelallow:
${indent(
  each(labelFields, (name) => `- ${name}`),
  4,
)}`;
}

function files({ folders }: LogOptions): string {
  return `- job_name: telltale
  # Exact names: a pattern that matches rotated files too (application.log.1) would send
  # their lines again. Promtail reads a renamed file to its end, then opens the new one. It
  # looks every 250 ms: a file that is renamed twice in between is missed, so keep
  # TELLTALE_LOG_MAX_SIZE well above what an app writes in a second.
  static_configs:
${indent(
  each(logFilePaths(folders), (path) => `- labels:\n    __path__: ${quote(path)}`),
  4,
)}
  pipeline_stages:`;
}

const DOCKER = `- job_name: telltale
  # By Docker's API: it works with the logging drivers json-file, local and journald.
  docker_sd_configs:
    - host: unix:///var/run/docker.sock
      refresh_interval: 5s
  relabel_configs:
    # The service of lines that have none, such as those of winston and pino themselves.
    - source_labels: [__meta_docker_container_name]
      regex: /(.+)
      target_label: service
    - source_labels: [__meta_docker_container_label_com_docker_compose_service]
      regex: (.+)
      target_label: service
  pipeline_stages:`;

function kubernetes(): string {
  return `- job_name: telltale
  # The pods of this node, by the files of the container runtime: a DaemonSet with
  # /var/log/pods mounted, NODE_NAME from the field spec.nodeName, and -config.expand-env=true,
  # by which $$ is a dollar sign.
  kubernetes_sd_configs:
    - role: pod
      selectors:
        - role: pod
          field: spec.nodeName=\${NODE_NAME}
  relabel_configs:
${indent(each(kubernetesRules, renderRule), 4)}
  pipeline_stages:
    # Takes the container runtime's time and flags off, and joins the parts of long lines.
    - cri: {}`;
}

function renderRule({ comment: text, sources, ...rest }: RelabelRule): string {
  const { separator, regex, replacement, target } = rest;
  return [
    ...(text === undefined ? [] : [`# ${text}`]),
    `- source_labels: [${sources.join(", ")}]`,
    ...(separator === undefined ? [] : [`  separator: ${separator}`]),
    ...(regex === undefined ? [] : [`  regex: ${regex}`]),
    // -config.expand-env makes a dollar sign of two.
    ...(replacement === undefined ? [] : [`  replacement: ${replacement.replace("$", "$$$$")}`]),
    `  target_label: ${target}`,
  ].join("\n");
}
