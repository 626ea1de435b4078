import { logFilePaths, MAX_LINE_BYTES, oneWay } from "../line.ts";
import type { LogOptions } from "../../options/log-options.ts";
import type { OutputFile } from "../../output-file.ts";
import { DATA_STREAM, ELASTICSEARCH_NAME } from "../elasticsearch/field-names.ts";
import { comment, each, quote } from "../text.ts";

/** Returns configurations of syslog-ng, one for each store. */
export function syslogNgFiles(options: LogOptions): readonly OutputFile[] {
  return [
    { path: "logs/syslog-ng/victorialogs.conf", text: page(options, toVictoriaLogs(options)) },
    { path: "logs/syslog-ng/elasticsearch.conf", text: page(options, toElasticsearch(options)) },
  ];
}

function page({ folders }: LogOptions, destination: string): string {
  return `${comment(header)}
@version: 3.38

options {
  # The longest line has a million characters.
  log-msg-size(${MAX_LINE_BYTES});
  # A file that does not exist yet is looked for each second, not each minute.
  time-reopen(1);
};

# Exact names: syslog-ng reads a renamed file to its end, then opens the new one.
source s_telltale {
${each(logFilePaths(folders), (path) => `  file(${quote(path)} flags(no-parse) follow-freq(0.1));`)}
};

destination d_telltale {
  http(
${destination}
    method("POST")
    # Kept on disk while the store does not answer.
    disk-buffer(reliable(yes) disk-buf-size(1073741824) mem-buf-size(16777216))
    batch-lines(500) batch-bytes(1048576) batch-timeout(1000)
    retries(1000)
  );
};

log {
  source(s_telltale);
  destination(d_telltale);
  # Reading waits, and no line is dropped.
  flags(flow-control);
};
`;
}

const header = [
  "syslog-ng 3.38 or later, with the module http (Debian: syslog-ng-mod-http): copy it to",
  "/etc/syslog-ng/conf.d, without the line @version.",
  "",
  ...oneWay,
];

function toVictoriaLogs({ victoriaLogsUrl }: LogOptions): string {
  const query = "_stream_fields=service,environment&_msg_field=message&_time_field=timestamp";
  return `    url(${quote(`${victoriaLogsUrl}/insert/jsonline?${query}`)})
    headers("Content-Type: application/stream+json")
    # The line as it is.
    body("$MESSAGE\\n")`;
}

function toElasticsearch({ elasticsearchUrl }: LogOptions): string {
  return `    url(${quote(`${elasticsearchUrl}/${DATA_STREAM}/_bulk?pipeline=${ELASTICSEARCH_NAME}`)})
    headers("Content-Type: application/x-ndjson")
    # The line as it is: the ingest pipeline of logs/elasticsearch reads it, and has to be there
    # first. A data stream takes nothing but create.
    body('{"create":{}}\\n$(format-json @timestamp=$ISODATE message=$MESSAGE)\\n')`;
}
