import { levelNames, levels, UNKNOWN_LEVEL } from "../level.ts";
import { idFields, labelFields, logFilePaths, MAX_LINE_BYTES, oneWay } from "../line.ts";
import type { LogOptions } from "../../options/log-options.ts";
import type { OutputFile } from "../../output-file.ts";
import { ELASTICSEARCH_NAME } from "../elasticsearch/field-names.ts";
import { comment, each, indent, quote } from "../text.ts";

/** Returns configurations of Vector: reading lines, and a file for each source and destination. */
export function vectorFiles(options: LogOptions): readonly OutputFile[] {
  return [
    file("lines", lines()),
    file("files", files(options)),
    file("docker", DOCKER),
    file("kubernetes", KUBERNETES),
    file("to-loki", toLoki(options)),
    file("to-elasticsearch", toElasticsearch(options)),
    file("to-victorialogs", toVictoriaLogs(options)),
  ];
}

function file(name: string, text: string): OutputFile {
  return { path: `logs/vector/${name}.yaml`, text };
}

function lines(): string {
  return `${comment(header)}
data_dir: /var/lib/vector

transforms:
  telltale_lines:
    type: remap
    inputs: [telltale_source_*]
    source: |
${indent(linesProgram(), 6)}
`;
}

const header = [
  "Vector 0.40 or later. Start it with this file, those of your sources and one destination:",
  "  vector --config lines.yaml --config files.yaml --config to-loki.yaml",
  "",
  ...oneWay,
];

/** Returns the program in VRL that reads a line. */
function linesProgram(): string {
  return `# A line that is no JSON, such as what Node prints of a crash, passes as it is.
line = {}
parsed, error = parse_json(.message)
if error == null && is_object(parsed) { line = object!(parsed) }

# Few values, whatever the logger calls its levels.
levels = {
${indent(
  each(levels, (level) =>
    levelNames[level].map((name) => `${quote(name)}: ${quote(level)},`).join(" "),
  ),
  2,
)}
}
level = downcase(to_string(line.level) ?? "")
.level = get(levels, [level]) ?? null
if .level == null { .level = "${UNKNOWN_LEVEL}" }

${SERVICE_PROGRAM}

# To be searched, never labels: each request has its own values.
${each(idFields, (name) => `.${name} = to_string(line.${name}) ?? ""`)}

${TIME_PROGRAM}
.line = line`;
}

const SERVICE_PROGRAM = `# The service of lines that have none, such as those of winston and pino themselves: the
# label of the pod or of Docker Compose, else the container.
service = to_string(line.service) ?? ""
if service == "" { service = to_string(.kubernetes.pod_labels."app.kubernetes.io/name") ?? "" }
if service == "" { service = to_string(.kubernetes.container_name) ?? "" }
if service == "" { service = to_string(.label."com.docker.compose.service") ?? "" }
if service == "" { service = to_string(.container_name) ?? "" }
if service == "" { service = "unknown" }
.service = service
.environment = to_string(line.environment) ?? "unknown"
if .environment == "" { .environment = "unknown" }`;

const TIME_PROGRAM = `# The time of the line; pino has milliseconds. If there is none, that of reading it.
time, error = parse_timestamp(line.timestamp, "%+")
if error == null {
  .timestamp = time
} else if is_integer(line.time) {
  time, error = from_unix_timestamp(int!(line.time), unit: "milliseconds")
  if error == null { .timestamp = time }
}`;

function files({ folders }: LogOptions): string {
  return `# The files of TELLTALE_LOG_DIR. Rotated files too: Vector knows a file by its first line,
# which has the time in milliseconds, and reads none twice.
sources:
  telltale_source_files:
    type: file
    include:
${each(logFilePaths(folders), (path) => `      - ${quote(path)}\n      - ${quote(`${path}.*`)}`)}
    exclude: ["**/*.gz"]
    read_from: beginning
    glob_minimum_cooldown_ms: 1000
    # Longer lines would be skipped. telltale writes none.
    max_line_bytes: ${MAX_LINE_BYTES}
    fingerprint:
      strategy: checksum
      lines: 1
`;
}

const DOCKER = `# The stdout of Docker's containers, by Docker's API: it works with the logging drivers
# json-file, local and journald, and joins the parts of long lines. Needs
# /var/run/docker.sock.
sources:
  telltale_source_docker:
    type: docker_logs
`;

const KUBERNETES = `# The stdout of the pods of this node, as a DaemonSet with VECTOR_SELF_NODE_NAME from the field
# spec.nodeName. Parts of long lines are joined.
sources:
  telltale_source_kubernetes:
    type: kubernetes_logs
    max_line_bytes: ${MAX_LINE_BYTES}
`;

/** Kept on disk while the destination does not answer; then reading waits. */
const BUFFER = `    acknowledgements:
      enabled: true
    buffer:
      type: disk
      max_size: 1073741824
      when_full: block`;

function toLoki({ lokiUrl }: LogOptions): string {
  return `# Loki 3.0 or later. The line is sent as it was written.
sinks:
  loki:
    type: loki
    inputs: [telltale_lines]
    endpoint: ${quote(lokiUrl)}
    encoding:
      codec: text
    labels:
${each(labelFields, (name) => `      ${name}: "{{ ${name} }}"`)}
    # To be searched, never labels: each request has its own values.
    structured_metadata:
${each(idFields, (name) => `      ${name}: "{{ ${name} }}"`)}
${BUFFER}
`;
}

function toElasticsearch({ elasticsearchUrl }: LogOptions): string {
  return `# The ingest pipeline of logs/elasticsearch reads the line, and has to be there first.
transforms:
  telltale_document:
    type: remap
    inputs: [telltale_lines]
    source: |
      document = {"message": .message, "timestamp": .timestamp, "service": {"name": .service}}
      # Not the labels: app and app.kubernetes.io/name would be a text and an object.
      if exists(.kubernetes) {
        document.kubernetes = {
          "namespace": .kubernetes.pod_namespace,
          "pod": {"name": .kubernetes.pod_name},
          "container": {"name": .kubernetes.container_name}
        }
      }
      . = document

sinks:
  elasticsearch:
    type: elasticsearch
    inputs: [telltale_document]
    endpoints: [${quote(elasticsearchUrl)}]
    mode: data_stream
    data_stream:
      type: logs
      dataset: telltale
      namespace: default
    pipeline: ${ELASTICSEARCH_NAME}
    compression: gzip
${BUFFER}
`;
}

function toVictoriaLogs({ victoriaLogsUrl }: LogOptions): string {
  return `transforms:
  telltale_fields:
    type: remap
    inputs: [telltale_lines]
    source: |
${indent(FIELDS_PROGRAM, 6)}

sinks:
  victorialogs:
    type: http
    inputs: [telltale_fields]
    uri: ${quote(`${victoriaLogsUrl}/insert/jsonline?_stream_fields=service,environment&_msg_field=message&_time_field=timestamp`)}
    method: post
    encoding:
      codec: json
    framing:
      method: newline_delimited
    compression: gzip
${BUFFER}
`;
}

/** The program in VRL that leaves the fields of the line, with level and service from above. */
const FIELDS_PROGRAM = `fields = object!(.line)
if !exists(fields.message) { fields.message = fields.msg }
if fields.message == null { fields.message = .message }
del(fields.msg)
del(fields.time)
fields.timestamp = .timestamp
fields.level = .level
fields.service = .service
. = fields`;
