import { logFilePaths, oneWay } from "../line.ts";
import type { LogOptions } from "../../options/log-options.ts";
import type { OutputFile } from "../../output-file.ts";
import { DATA_STREAM, ELASTICSEARCH_NAME } from "../elasticsearch/field-names.ts";
import { comment, each, indent, quote } from "../text.ts";

/** Returns configurations of rsyslog, one for each store. */
export function rsyslogFiles(options: LogOptions): readonly OutputFile[] {
  return [
    { path: "logs/rsyslog/victorialogs.conf", text: toVictoriaLogs(options) },
    { path: "logs/rsyslog/elasticsearch.conf", text: toElasticsearch(options) },
  ];
}

function page({ folders }: LogOptions, templates: string, actions: string): string {
  return `${comment(header)}
# The longest line has a million characters.
global(maxMessageSize="4m")
module(load="imfile" mode="inotify")
module(load="mmjsonparse")
module(load="omelasticsearch")

# Exact names: rsyslog follows a renamed file by its inode, and reads it to its end.
${each(logFilePaths(folders), (path) => `input(type="imfile" file=${quote(path)} tag="telltale" ruleset="telltale" addMetadata="off" reopenOnTruncate="on")`)}

${templates}

# Kept on disk while the store does not answer.
ruleset(
  name="telltale"
  queue.type="LinkedList" queue.fileName="telltale" queue.maxDiskSpace="1g" queue.saveOnShutdown="on"
) {
${indent(actions, 2)}
}
`;
}

const header = [
  "rsyslog 8.2302 or later, with the package rsyslog-elasticsearch: copy it to /etc/rsyslog.d.",
  "The files are readable by the group of the app: rsyslog has to be in it.",
  "",
  ...oneWay,
];

/** The id makes a request that is repeated after a lost response store no line twice. */
const ID = 'template(name="telltale-id" type="string" string="%uuid%")';

function toVictoriaLogs(options: LogOptions): string {
  return page(
    options,
    `# The fields of the line.
template(name="telltale-document" type="subtree" subtree="$!")
${ID}`,
    `action(type="mmjsonparse" cookie="")
if $parsesuccess == "OK" then {
  set $!_msg = $!message;
  set $!_time = $!timestamp;
  unset $!message;
  unset $!timestamp;
} else {
  set $!_msg = $msg;
}
# VictoriaLogs takes the bulk requests of Elasticsearch.
${action(`${options.victoriaLogsUrl}/insert/elasticsearch`, DATA_STREAM)}`,
  );
}

function toElasticsearch(options: LogOptions): string {
  return page(
    options,
    `# The line as it is: the ingest pipeline of logs/elasticsearch reads it, and has to be there
# first.
template(name="telltale-document" type="list" option.jsonf="on") {
  property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
}
${ID}`,
    action(options.elasticsearchUrl, DATA_STREAM, `\n  pipelineName="${ELASTICSEARCH_NAME}"`),
  );
}

function action(server: string, index: string, more = ""): string {
  return `action(
  type="omelasticsearch"
  server=${quote(withPort(server))}
  searchIndex="${index}" searchType="" bulkmode="on" writeoperation="create"${more}
  bulkid="telltale-id" dynbulkid="on"
  template="telltale-document"
  action.resumeRetryCount="-1"
)`;
}

/** rsyslog puts 9200 after an address without a port. */
function withPort(server: string): string {
  const url = new URL(server);
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  return `${url.protocol}//${url.hostname}:${port}${url.pathname === "/" ? "" : url.pathname}`;
}
