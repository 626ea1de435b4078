import type { LogOptions } from "../../options/log-options.ts";
import type { OutputFile } from "../../output-file.ts";
import { levelTemplate } from "../level-template.ts";
import { idFields, labelFields, logFilePaths, oneWay } from "../line.ts";
import { comment, each, indent, quote } from "../text.ts";

/** Returns the configuration of Grafana Alloy: what to do with lines, and a file for each source. */
export function alloyFiles(options: LogOptions): readonly OutputFile[] {
  return [
    { path: "logs/alloy/lines.alloy", text: lines(options) },
    { path: "logs/alloy/files.alloy", text: files(options) },
    { path: "logs/alloy/docker.alloy", text: docker() },
    { path: "logs/alloy/kubernetes.alloy", text: kubernetes() },
  ];
}

function lines({ lokiUrl }: LogOptions): string {
  return `${comment(header, "//")}

loki.process "telltale" {
  forward_to = [loki.write.telltale.receiver]

  // A line that is no JSON, such as what Node prints of a crash, passes as it is.
  stage.json {
    expressions = {
${indent(
  each(["timestamp", "time", ...labelFields, ...idFields], (name) => `${name} = "",`),
  6,
)}
    }
  }

${indent(timestampStages, 2)}

  // Few values, whatever the logger calls its levels.
  stage.template {
    source   = "level"
    template = ${quote(levelTemplate())}
  }

${indent(LABEL_STAGES, 2)}
}

loki.write "telltale" {
  endpoint {
    url = ${quote(`${lokiUrl}/loki/api/v1/push`)}

    // By default, lines are dropped after ten attempts. These last eight hours.
    max_backoff_period  = "30s"
    max_backoff_retries = 1000
  }
}
`;
}

const LABEL_STAGES = `stage.labels {
  values = { ${labelFields.map((name) => `${name} = ""`).join(", ")} }
}

// To be searched, never labels: each request has its own values.
stage.structured_metadata {
  values = {
${indent(
  each(idFields, (name) => `${name} = "",`),
  4,
)}
  }
}

// Nothing else becomes a label, such as the name of a file or a pod.
stage.label_keep {
  values = [${labelFields.map(quote).join(", ")}]
}`;

const header = [
  "Grafana Alloy: labels and ids of telltale's lines, and sending them to Loki (3.0 or later).",
  "Start it with this folder, and delete the files of sources that you don't have:",
  "  alloy run --storage.path=/var/lib/alloy logs/alloy",
  "",
  ...oneWay,
];

const timestampStages = `// The time of the line. If there is none, that of the container or of reading it.
stage.timestamp {
  source            = "timestamp"
  format            = "RFC3339Nano"
  action_on_failure = "skip"
}

// pino has milliseconds.
stage.timestamp {
  source            = "time"
  format            = "UnixMs"
  action_on_failure = "skip"
}`;

function files({ folders }: LogOptions): string {
  return `// The files of TELLTALE_LOG_DIR.
//
// Exact names: a pattern that matches rotated files too (application.log.1) would send
// their lines again. Alloy reads a renamed file to its end, then opens the new one. It looks
// every 250 ms: a file that is renamed twice in between is missed, so keep
// TELLTALE_LOG_MAX_SIZE well above what an app writes in a second.
local.file_match "telltale" {
  path_targets = [
${indent(
  each(logFilePaths(folders), (path) => `{ __path__ = ${quote(path)} },`),
  4,
)}
  ]
}

loki.source.file "telltale" {
  targets    = local.file_match.telltale.targets
  forward_to = [loki.process.telltale.receiver]
}
`;
}

function docker(): string {
  return `// The stdout of Docker's containers, by Docker's API: it works with the logging drivers
// json-file, local and journald. Alloy needs /var/run/docker.sock.
discovery.docker "telltale" {
  host = "unix:///var/run/docker.sock"
}

discovery.relabel "telltale" {
  targets = discovery.docker.telltale.targets

  // The service of lines that have none, such as those of winston and pino themselves.
  rule {
    source_labels = ["__meta_docker_container_name"]
    regex         = "/(.+)"
    target_label  = "service"
  }

  rule {
    source_labels = ["__meta_docker_container_label_com_docker_compose_service"]
    regex         = "(.+)"
    target_label  = "service"
  }
}

loki.source.docker "telltale" {
  host       = "unix:///var/run/docker.sock"
  targets    = discovery.relabel.telltale.output
  forward_to = [loki.process.telltale.receiver]
}
`;
}

function kubernetes(): string {
  return `// The stdout of the pods of this node, by the files of the container runtime. Alloy runs as a
// DaemonSet with /var/log/pods mounted, and NODE_NAME from the field spec.nodeName.
discovery.kubernetes "telltale" {
  role = "pod"

  selectors {
    role  = "pod"
    field = "spec.nodeName=" + sys.env("NODE_NAME")
  }
}

discovery.relabel "telltale_pods" {
  targets = discovery.kubernetes.telltale.targets

${indent(each(kubernetesRules, renderRule), 2)}
}

local.file_match "telltale_pods" {
  path_targets = discovery.relabel.telltale_pods.output
}

loki.source.file "telltale_pods" {
  targets    = local.file_match.telltale_pods.targets
  forward_to = [loki.process.telltale_pods.receiver]
}

// Takes the container runtime's time and flags off, and joins the parts of long lines.
loki.process "telltale_pods" {
  forward_to = [loki.process.telltale.receiver]

  stage.cri {}
}
`;
}

/** A rule of `discovery.relabel`; Promtail's `relabel_configs` have the same. */
export interface RelabelRule {
  readonly comment?: string;
  readonly sources: readonly string[];
  readonly separator?: string;
  readonly regex?: string;
  readonly replacement?: string;
  readonly target: string;
}

export const kubernetesRules: readonly RelabelRule[] = [
  {
    comment: "The service of lines that have none: the label of the pod, else the container.",
    sources: ["__meta_kubernetes_pod_container_name"],
    target: "service",
  },
  {
    sources: ["__meta_kubernetes_pod_label_app_kubernetes_io_name"],
    regex: "(.+)",
    target: "service",
  },
  {
    sources: ["__meta_kubernetes_pod_uid", "__meta_kubernetes_pod_container_name"],
    separator: "/",
    replacement: "/var/log/pods/*$1/*.log",
    target: "__path__",
  },
];

function renderRule({ comment: text, sources, ...rest }: RelabelRule): string {
  const { separator, regex, replacement, target } = rest;
  return [
    ...(text === undefined ? [] : [`// ${text}`]),
    "rule {",
    `  source_labels = [${sources.map(quote).join(", ")}]`,
    ...(separator === undefined ? [] : [`  separator     = ${quote(separator)}`]),
    ...(regex === undefined ? [] : [`  regex         = ${quote(regex)}`]),
    ...(replacement === undefined ? [] : [`  replacement   = ${quote(replacement)}`]),
    `  target_label  = ${quote(target)}`,
    "}",
    "",
  ]
    .join("\n")
    .trimEnd();
}
