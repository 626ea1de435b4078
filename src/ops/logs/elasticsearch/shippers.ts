import { logFilePaths, MAX_LINE_BYTES, oneWay } from "../line.ts";
import type { LogOptions } from "../../options/log-options.ts";
import type { OutputFile } from "../../output-file.ts";
import { comment, each, indent, quote } from "../text.ts";
import { DATA_STREAM, ELASTICSEARCH_NAME } from "./field-names.ts";

/** Returns the configurations of Filebeat, one for each source, and of Logstash. */
export function elasticShipperFiles(options: LogOptions): readonly OutputFile[] {
  return [
    { path: "logs/filebeat/files.yaml", text: filebeat(options, files(options)) },
    { path: "logs/filebeat/docker.yaml", text: filebeat(options, DOCKER) },
    { path: "logs/filebeat/kubernetes.yaml", text: filebeat(options, KUBERNETES) },
    { path: "logs/logstash/pipeline.conf", text: logstash(options) },
  ];
}

function filebeat({ elasticsearchUrl }: LogOptions, input: string): string {
  return `${comment(filebeatHeader)}
filebeat.inputs:
${indent(input, 2)}

output.elasticsearch:
  hosts: [${quote(elasticsearchUrl)}]
  index: ${DATA_STREAM}
  pipeline: ${ELASTICSEARCH_NAME}
  # With security switched on, as an environment variable: id:key
  # api_key: \${ELASTICSEARCH_API_KEY}

# Template and policy are those of logs/elasticsearch.
setup.template.enabled: false
setup.ilm.enabled: false

# Kept on disk while Elasticsearch does not answer.
queue.disk:
  max_size: 1GB
`;
}

const filebeatHeader = [
  "Filebeat 8.10 or later. It sends lines as they are; the ingest pipeline of",
  "logs/elasticsearch reads them, and has to be there first:",
  "  filebeat -e -c FILE",
  "",
  ...oneWay,
];

/** 256 bytes are about one line, and contain its time and ids. */
const FINGERPRINT = `file_identity.fingerprint: ~
# By what a file begins with: an inode number is used again as soon as the oldest file is
# deleted. Filebeat reads a file once it has so many bytes: one or two lines.
prospector.scanner.fingerprint:
  enabled: true
  length: 256`;

function files({ folders }: LogOptions): string {
  return `- type: filestream
  id: telltale-files
  # Rotated files too: Filebeat knows them by their beginning, and reads none twice.
  paths:
${each(logFilePaths(folders), (path) => `    - ${quote(path)}\n    - ${quote(`${path}.*`)}`)}
  prospector.scanner.exclude_files: ['\\.gz$']
${indent(FINGERPRINT, 2)}
  message_max_bytes: ${MAX_LINE_BYTES}`;
}

const DOCKER = `- type: filestream
  id: telltale-docker
  paths:
    - /var/lib/docker/containers/*/*-json.log
  # Joins the parts into which Docker splits lines of more than 16 kB.
  parsers:
    - container:
        stream: all
        format: docker
${indent(FINGERPRINT, 2)}
  message_max_bytes: ${MAX_LINE_BYTES}
  processors:
    - add_docker_metadata: ~
    # The service of lines that have none, such as those of winston and pino themselves.
    - copy_fields:
        fields:
          - from: container.name
            to: service.name
        fail_on_error: false
        ignore_missing: true`;

const KUBERNETES = `- type: filestream
  id: telltale-kubernetes
  paths:
    - /var/log/containers/*.log
  prospector.scanner.symlinks: true
  # Joins the parts into which container runtimes split lines of more than 16 kB.
  parsers:
    - container:
        stream: all
        format: auto
${indent(FINGERPRINT, 2)}
  message_max_bytes: ${MAX_LINE_BYTES}
  processors:
    - add_kubernetes_metadata:
        host: \${NODE_NAME}
        matchers:
          - logs_path:
              logs_path: /var/log/containers/
    # The service of lines that have none, such as those of winston and pino themselves.
    - copy_fields:
        fields:
          - from: kubernetes.container.name
            to: service.name
        fail_on_error: false
        ignore_missing: true`;

function logstash({ elasticsearchUrl, folders }: LogOptions): string {
  return `${comment(logstashHeader)}
input {
  file {
    # Rotated files too, so that Logstash notices the rename and reads the file to its end.
    path => [
${each(logFilePaths(folders), (path) => `      ${quote(path)}, ${quote(`${path}.*`)},`).slice(0, -1)}
    ]
    exclude => "*.gz"
    start_position => "beginning"
    sincedb_path => "/var/lib/logstash/telltale.sincedb"
  }

  # Stdout of containers: Filebeat with logs/filebeat/docker.yaml or kubernetes.yaml, with
  # output.logstash in the place of output.elasticsearch.
  beats {
    port => 5044
  }
}

${LOGSTASH_FILTER}

output {
  elasticsearch {
    hosts => [${quote(elasticsearchUrl)}]
    data_stream => true
    data_stream_type => "logs"
    data_stream_dataset => "telltale"
    data_stream_namespace => "default"
    data_stream_auto_routing => false
    pipeline => "${ELASTICSEARCH_NAME}"
    # Template and policy are those of logs/elasticsearch.
    manage_template => false
    # With security switched on, as an environment variable:
    # api_key => "\${ELASTICSEARCH_API_KEY}"
  }
}
`;
}

const LOGSTASH_FILTER = `filter {
  mutate {
    # A copy of the line, which Logstash adds.
    remove_field => ["[event][original]"]
  }
}`;

const logstashHeader = [
  "Logstash 8. It sends lines as they are; the ingest pipeline of logs/elasticsearch reads",
  "them, and has to be there first. Set queue.type: persisted in logstash.yml, so that lines",
  "outlive a restart.",
  "  logstash -f pipeline.conf",
  "",
  ...oneWay,
];
