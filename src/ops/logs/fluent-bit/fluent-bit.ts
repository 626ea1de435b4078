import { idFields, labelFields, logFilePaths, oneWay } from "../line.ts";
import type { LogOptions } from "../../options/log-options.ts";
import type { OutputFile } from "../../output-file.ts";
import { DATA_STREAM, ELASTICSEARCH_NAME } from "../elasticsearch/field-names.ts";
import { comment, indent, quote } from "../text.ts";
import { linesLua } from "./lines-lua.ts";

/** Returns configurations of Fluent Bit: one for each source, and one for each destination. */
export function fluentBitFiles(options: LogOptions): readonly OutputFile[] {
  return [
    file("lines.lua", linesLua()),
    file("files.yaml", source(files(options))),
    file("docker.yaml", source(DOCKER)),
    file("docker-compose.yaml", COMPOSE),
    file("kubernetes.yaml", source(KUBERNETES)),
    file("to-loki.yaml", toLoki(options)),
    file("to-elasticsearch.yaml", toElasticsearch(options)),
    file("to-victorialogs.yaml", toVictoriaLogs(options)),
    file("to-otlp.yaml", toOtlp(options)),
    file("to-cloudwatch.yaml", toCloudWatch(options)),
  ];
}

function file(name: string, text: string): OutputFile {
  return { path: `logs/fluent-bit/${name}`, text };
}

interface Source {
  readonly input: string;
  /** Filters that precede those of lines. */
  readonly filters?: string;
}

function source({ input, filters = "" }: Source): string {
  return `${comment(header)}
service:
  flush: 1
  grace: 30
  # Kept on disk while the destination does not answer.
  storage.path: /var/lib/fluent-bit/storage
  storage.max_chunks_up: 128

includes:
  - to-loki.yaml

parsers:
  - name: telltale
    format: json
    time_key: timestamp
    time_format: "%Y-%m-%dT%H:%M:%S.%LZ"
    time_keep: on

pipeline:
  inputs:
${indent(input, 4)}

  filters:
${indent(`${filters}${LINE_FILTERS}`, 4)}
`;
}

const header = [
  "Fluent Bit 3.2 or later. It reads lines here, and sends them as the included file has it:",
  "to-loki, to-elasticsearch, to-victorialogs, to-otlp or to-cloudwatch.",
  "  fluent-bit -c FILE",
  "",
  ...oneWay,
];

/** Other fields are put aside first, so that none of them meets a field of the line. */
const LINE_FILTERS = `- name: lua
  match: telltale.*
  script: lines.lua
  call: telltale_source
# A line that is no JSON, such as what Node prints of a crash, passes as it is.
- name: parser
  match: telltale.*
  key_name: telltale_log
  parser: telltale
  reserve_data: on
  preserve_key: on
- name: lua
  match: telltale.*
  script: lines.lua
  call: telltale_line`;

function files({ folders }: LogOptions): Source {
  return {
    input: `- name: tail
  tag: telltale.files
  # Exact names: Fluent Bit follows a renamed file by its inode, and reads it to its end.
  path: ${logFilePaths(folders).join(",")}
  db: /var/lib/fluent-bit/telltale.db
  read_from_head: on
  refresh_interval: 1
  rotate_wait: 30
  # Lines that are longer would stop the file. telltale writes none.
  buffer_max_size: 4M
  skip_long_lines: on
  storage.type: filesystem`,
  };
}

const DOCKER: Source = {
  input: `# Docker's logging driver fluentd sends here: see docker-compose.yaml.
- name: forward
  tag_prefix: telltale.
  listen: 127.0.0.1
  port: 24224
  storage.type: filesystem`,
  filters: `# Joins the parts into which Docker splits lines of more than 16 kB.
- name: multiline
  match: telltale.*
  mode: partial_message
  multiline.key_content: log
`,
};

const COMPOSE = `# Docker's driver fluentd, for each service of a Compose file: merge it with
#   docker compose -f compose.yaml -f docker-compose.yaml up
# The address is one of the host, since Docker itself connects to it.
x-logging: &telltale
  driver: fluentd
  options:
    fluentd-address: 127.0.0.1:24224
    # The container starts, and goes on, without Fluent Bit.
    fluentd-async: "true"
    fluentd-sub-second-precision: "true"
    tag: "{{.Name}}"

services:
  app:
    logging: *telltale
    environment:
      # The lines on stdout are sent: not a second time by OTLP.
      OTEL_LOGS_EXPORTER: none
`;

const KUBERNETES: Source = {
  input: `- name: tail
  tag: telltale.kube.*
  path: /var/log/containers/*.log
  # Joins the parts into which container runtimes split lines of more than 16 kB.
  multiline.parser: docker, cri
  db: /var/lib/fluent-bit/telltale-pods.db
  read_from_head: on
  refresh_interval: 5
  buffer_max_size: 4M
  skip_long_lines: on
  storage.type: filesystem`,
  filters: `- name: kubernetes
  match: telltale.kube.*
  kube_tag_prefix: telltale.kube.var.log.containers.
  # The line is read below.
  merge_log: off
  keep_log: on
  annotations: off
`,
};

function toLoki({ lokiUrl }: LogOptions): string {
  const ids = idFields.map((name) => `${name}=$${name}`).join(", ");
  const labels = labelFields.map((name) => `${name}=$${name}`).join(", ");
  const metadata = [...labelFields, ...idFields, "line", "kubernetes"];
  return `# Loki 3.0 or later.
pipeline:
  outputs:
    - name: loki
      match: telltale.*
${indent(serverOf(lokiUrl), 6)}
      labels: ${labels}
      # To be searched, never labels: each request has its own values.
      structured_metadata: ${ids}
      # What is left is the line as it was written.
      remove_keys: ${metadata.join(", ")}
      drop_single_key: raw
      line_format: json
      retry_limit: no_limits
`;
}

function toElasticsearch({ elasticsearchUrl }: LogOptions): string {
  return `# The ingest pipeline of logs/elasticsearch reads the line, and has to be there first.
pipeline:
  outputs:
    - name: es
      match: telltale.*
${indent(serverOf(elasticsearchUrl), 6)}
      index: ${DATA_STREAM}
      pipeline: ${ELASTICSEARCH_NAME}
      # A data stream takes nothing else.
      write_operation: create
      suppress_type_name: on
      time_key: "@timestamp"
      time_key_nanos: on
      trace_error: on
      retry_limit: no_limits
${indent(outputProcessor("telltale_document"), 6)}
`;
}

function toVictoriaLogs({ victoriaLogsUrl }: LogOptions): string {
  return `pipeline:
  outputs:
    - name: http
      match: telltale.*
${indent(serverOf(victoriaLogsUrl), 6)}
      uri: /insert/jsonline?_stream_fields=service,environment&_msg_field=message&_time_field=_time
      format: json_lines
      json_date_key: _time
      json_date_format: iso8601
      compress: gzip
      retry_limit: no_limits
${indent(outputProcessor("telltale_fields"), 6)}
`;
}

function toOtlp({ collectorUrl }: LogOptions): string {
  return `# To a Collector, or what else takes OTLP over HTTP. Fluent Bit can't make a field of the line
# an attribute of the resource: the service is the attribute service of each record.
pipeline:
  outputs:
    - name: opentelemetry
      match: telltale.*
${indent(serverOf(collectorUrl), 6)}
      logs_uri: /v1/logs
      logs_body_key: $message
      logs_body_key_attributes: true
      logs_severity_text_message_key: level
      logs_trace_id_message_key: trace_id
      logs_span_id_message_key: span_id
      retry_limit: no_limits
${indent(outputProcessor("telltale_fields"), 6)}
`;
}

function toCloudWatch({ logGroup, retentionDays }: LogOptions): string {
  return `# The lines as they were written, so that the metric filters of logs/cloudwatch match.
# Credentials are those of the instance, the task or the service account.
pipeline:
  outputs:
    - name: cloudwatch_logs
      match: telltale.*
      region: \${AWS_REGION}
      log_group_name: ${quote(logGroup)}
      log_stream_prefix: \${HOSTNAME}-
      log_key: log
      auto_create_group: on
      log_retention_days: ${retentionDays}
      retry_limit: no_limits
`;
}

function outputProcessor(call: string): string {
  return `processors:
  logs:
    - name: lua
      script: lines.lua
      call: ${call}`;
}

/** The plugins take an address in parts. */
function serverOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  const isSecure = protocol === "https:";
  return `host: ${hostname}
port: ${port === "" ? (isSecure ? 443 : 80) : port}
tls: ${isSecure ? "on" : "off"}`;
}
