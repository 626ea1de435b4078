import { levelNames, levels } from "../level.ts";
import { logFilePaths, oneWay } from "../line.ts";
import type { LogOptions } from "../../options/log-options.ts";
import type { OutputFile } from "../../output-file.ts";
import { comment, each, indent, quote } from "../text.ts";

/**
 * Returns OTLP: variables by which an app sends its records itself, overlays of the
 * Collector's presets, and a Collector that reads files.
 */
export function collectorFiles(options: LogOptions): readonly OutputFile[] {
  const destinations = destinationsOf(options);
  return [
    ...destinations.map((destination) => ({
      path: `logs/otlp/${destination.name}.env`,
      text: variables(destination),
    })),
    ...destinations.map((destination) => ({
      path: `logs/collector/${destination.name}.yaml`,
      text: overlay(destination),
    })),
    { path: "logs/collector/files.yaml", text: files(options) },
  ];
}

/** A store that takes OTLP over HTTP. */
interface Destination {
  readonly name: string;
  readonly comment: readonly string[];
  /** Ends before /v1/logs. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

function destinationsOf(options: LogOptions): readonly Destination[] {
  return [
    {
      name: "loki",
      comment: [
        "Loki 3.0 or later. service_name and deployment_environment_name are labels there, trace_id",
        "and severity are structured metadata.",
      ],
      url: `${options.lokiUrl}/otlp`,
      headers: {},
    },
    {
      name: "elasticsearch",
      comment: [
        "Elasticsearch with its OTLP endpoint (/_otlp). Records are in data streams of their own",
        "(logs-*.otel-*), with fields of OpenTelemetry: resource.attributes.service.name, trace_id.",
      ],
      url: `${options.elasticsearchUrl}/_otlp`,
      headers: {},
    },
    {
      name: "victorialogs",
      comment: [
        "VictoriaLogs. By default, all attributes of the resource make a stream, and each start of a",
        "process a new one: the header names the two that are to.",
      ],
      url: `${options.victoriaLogsUrl}/insert/opentelemetry`,
      headers: { "VL-Stream-Fields": "service.name,deployment.environment.name" },
    },
  ];
}

function variables({ comment: text, url, headers }: Destination): string {
  const encoded = Object.entries(headers).map(
    ([name, value]) => `${name}=${encodeURIComponent(value)}`,
  );
  return `${comment(text)}
# The app sends its records itself. Through a Collector they are kept on disk while the store
# does not answer; so they are kept in memory, and lost at a restart.
OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=${url}/v1/logs
${encoded.length === 0 ? "" : `OTEL_EXPORTER_OTLP_LOGS_HEADERS=${encoded.join(",")}\n`}`;
}

function overlay({ name, comment: text, url, headers }: Destination): string {
  const pairs = Object.entries(headers);
  const headerLines =
    pairs.length === 0
      ? ""
      : `    headers:\n${each(pairs, ([header, value]) => `      ${header}: ${quote(value)}`)}\n`;
  return `${comment(text)}
# Overlays a preset of telltale's Collector: \`--config=gateway.yaml --config=${name}.yaml\`.
exporters:
  otlp_http/logs:
    endpoint: ${quote(url)}
${headerLines}    retry_on_failure:
      initial_interval: 1s
      max_interval: 30s
      max_elapsed_time: 0
    sending_queue:
      storage: file_storage
      sizer: items
      queue_size: 200000
      batch:
        flush_timeout: 200ms
        sizer: items
        min_size: 512
        max_size: 4096

service:
  pipelines:
    logs:
      exporters: [otlp_http/logs]
`;
}

function files({ folders, collectorUrl }: LogOptions): string {
  return `${comment(filesHeader)}
extensions:
  file_storage:
    directory: /var/lib/otelcol/telltale
    create_directory: true

receivers:
  filelog:
    # Rotated files too: a file is known by its beginning, and none is read twice.
    include:
${each(logFilePaths(folders), (path) => `      - ${quote(path)}\n      - ${quote(`${path}.*`)}`)}
    exclude: ["/**/*.gz"]
    start_at: beginning
    include_file_name: false
    # Longer lines would be cut. telltale writes none.
    max_log_size: 4MiB
    storage: file_storage
    retry_on_failure:
      enabled: true
      max_elapsed_time: 0
    operators:
${indent(operators(), 6)}

exporters:
  otlp_http:
    endpoint: ${quote(collectorUrl)}
    retry_on_failure:
      max_elapsed_time: 0
    sending_queue:
      storage: file_storage

service:
  extensions: [file_storage]
  pipelines:
    logs:
      receivers: [filelog]
      exporters: [otlp_http]
`;
}

const filesHeader = [
  "A Collector that reads the files of TELLTALE_LOG_DIR, and sends them to the gateway of",
  "telltale's presets, or what else takes OTLP. It needs the receiver filelog, which the image",
  "otel/opentelemetry-collector-contrib has, and telltale's own Collector has not:",
  "  otelcol-contrib --config=files.yaml",
  "",
  ...oneWay,
];

/** The operators make of a line the record that telltale sends over OTLP itself. */
function operators(): string {
  return `- type: json_parser
  timestamp:
    parse_from: attributes.timestamp
    layout_type: gotime
    layout: "2006-01-02T15:04:05.000Z"
  severity:
    parse_from: attributes.level
    mapping:
${each(levels, (level) => `      ${level}: [${levelNames[level].filter((name) => !/^\d+$/.test(name)).join(", ")}]`)}
- type: trace_parser
  trace_id:
    parse_from: attributes.trace_id
  span_id:
    parse_from: attributes.span_id
  trace_flags:
    parse_from: attributes.trace_flags
# The scope, as in records over OTLP.
- type: scope_name_parser
  parse_from: attributes.logger
${each(MOVES, ([from, to]) => `- type: move\n  if: attributes[${quote(from)}] != nil\n  from: attributes[${quote(from)}]\n  to: ${to}`)}
${each(REMOVED, (name) => `- type: remove\n  if: attributes[${quote(name)}] != nil\n  field: attributes[${quote(name)}]`)}`;
}

const MOVES: readonly (readonly [string, string])[] = [
  ["message", "body"],
  ["service", 'resource["service.name"]'],
  ["environment", 'resource["deployment.environment.name"]'],
  ["request_id", 'attributes["telltale.request.id"]'],
  ["user_id", 'attributes["user.id"]'],
  ["organization_id", 'attributes["telltale.organization.id"]'],
];

/** They are parts of the record now. */
const REMOVED = ["timestamp", "level", "logger", "trace_id", "span_id", "trace_flags"] as const;
