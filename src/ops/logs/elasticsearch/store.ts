import { levelNames, levels, UNKNOWN_LEVEL } from "../level.ts";
import type { LogOptions } from "../../options/log-options.ts";
import type { OutputFile } from "../../output-file.ts";
import { ecsFields, ELASTICSEARCH_NAME } from "./field-names.ts";

/**
 * Returns what Elasticsearch gets once: how it reads lines, keeps them and deletes them.
 * So that Filebeat, Logstash, Fluent Bit, Vector and syslog daemons send a line as it is.
 */
export function elasticsearchFiles(options: LogOptions): readonly OutputFile[] {
  return [
    file("ingest-pipeline", ingestPipeline()),
    file("index-template", indexTemplate()),
    file("ilm-policy", lifecyclePolicy(options)),
  ];
}

function file(name: string, content: object): OutputFile {
  const text = `${JSON.stringify(content, null, 2)}\n`;
  return { path: `logs/elasticsearch/${name}.json`, text };
}

/** A line is in `message`, whatever sent it. */
function ingestPipeline(): object {
  return {
    description: "Reads telltale's lines of JSON into fields of ECS. Other lines stay as they are",
    processors: [parseProcessor, ...timeProcessors, fieldsProcessor(), levelProcessor()],
    on_failure: [
      { set: { field: "tags", value: ["telltale_ingest_failed"] } },
      { set: { field: "event.reason", value: "{{{ _ingest.on_failure_message }}}" } },
    ],
  };
}

const parseProcessor = {
  json: {
    description: "A line that is no JSON, such as what Node prints of a crash, stays as it is",
    if: "ctx.message instanceof String && ctx.message.startsWith('{')",
    field: "message",
    target_field: "telltale",
    ignore_failure: true,
  },
};

const timeProcessors = [
  {
    date: {
      description: "The time of the line. If there is none, that of reading it",
      if: "ctx.telltale instanceof Map && ctx.telltale.timestamp instanceof String",
      field: "telltale.timestamp",
      formats: ["ISO8601"],
      ignore_failure: true,
    },
  },
  {
    date: {
      description: "pino has milliseconds",
      if: "ctx.telltale instanceof Map && ctx.telltale.time instanceof Number",
      field: "telltale.time",
      formats: ["UNIX_MS"],
      ignore_failure: true,
    },
  },
  { remove: { field: ["telltale.timestamp", "telltale.time"], ignore_missing: true } },
];

/** Moves fields from the line to their names of ECS, over what a collector has set. */
function fieldsProcessor(): object {
  const source = [
    "if (!(ctx.telltale instanceof Map)) { return; }",
    "for (def field : params.fields) {",
    "def parent = ctx.telltale;",
    "for (int i = 0; i < field.from.size() - 1; i++) { parent = parent instanceof Map ? parent.get(field.from.get(i)) : null; }",
    "if (!(parent instanceof Map)) { continue; }",
    "def value = parent.remove(field.from.get(field.from.size() - 1));",
    "if (value == null) { continue; }",
    "def target = ctx;",
    "for (int i = 0; i < field.to.size() - 1; i++) { if (!(target.get(field.to.get(i)) instanceof Map)) { target.put(field.to.get(i), new HashMap()); } target = target.get(field.to.get(i)); }",
    "target.put(field.to.get(field.to.size() - 1), value.toString());",
    "}",
  ];
  const fields = ecsFields.map(({ from, to }) => ({ from, to: to.split(".") }));
  return { script: { params: { fields }, source: source.join(" ") } };
}

/** Reduces the level to few values, as the label of the other stores. */
function levelProcessor(): object {
  const names = Object.fromEntries(
    levels.flatMap((level) => levelNames[level].map((name) => [name, level])),
  );
  const source = [
    "def level = ctx.telltale instanceof Map ? ctx.telltale.remove('level') : null;",
    "if (!(ctx.log instanceof Map)) { ctx.log = new HashMap(); }",
    `ctx.log.level = level == null ? '${UNKNOWN_LEVEL}' : params.names.getOrDefault(level.toString().toLowerCase(), '${UNKNOWN_LEVEL}');`,
  ];
  return {
    script: {
      description: "Few values, whatever the logger calls its levels",
      params: { names },
      source: source.join(" "),
    },
  };
}

function indexTemplate(): object {
  return {
    index_patterns: [`logs-${ELASTICSEARCH_NAME}-*`],
    data_stream: {},
    // Above the template of all logs-*-* that comes with Elasticsearch.
    priority: 300,
    // Types of what collectors add: hosts, containers, pods.
    composed_of: ["ecs@mappings"],
    ignore_missing_component_templates: ["ecs@mappings"],
    template: {
      settings: {
        "index.lifecycle.name": ELASTICSEARCH_NAME,
        "index.default_pipeline": ELASTICSEARCH_NAME,
        // A number where another line has a text must not lose the line.
        "index.mapping.ignore_malformed": true,
      },
      mappings: { properties: mappedFields() },
    },
    _meta: {
      description:
        "Lines of telltale. The fields of the app itself are below telltale, as one field of the type flattened: whatever their names and types are, they make no new mappings and no conflict that would reject a line.",
    },
  };
}

/** Lucene accepts 32,766 bytes, which are at least so many characters. */
const LONGEST_TERM = 8191;

function mappedFields(): Record<string, object> {
  const keyword = { type: "keyword", ignore_above: 1024 };
  const own = new Map<string, object>(
    [...ecsFields.map(({ to }) => to), "log.level"].map((name) => [name, keyword]),
  );
  // The text of the line is no keyword.
  own.delete("message");
  own.set("error.message", { type: "match_only_text" });
  own.set("error.stack_trace", { type: "wildcard" });
  return {
    "@timestamp": { type: "date" },
    message: { type: "match_only_text" },
    telltale: { type: "flattened", ignore_above: LONGEST_TERM },
    ...Object.fromEntries(own),
  };
}

function lifecyclePolicy({ retentionDays }: LogOptions): object {
  return {
    policy: {
      phases: {
        // A day, or 50 GB before, so that whole indices can be deleted.
        hot: { actions: { rollover: { max_age: "1d", max_primary_shard_size: "50gb" } } },
        delete: { min_age: `${retentionDays}d`, actions: { delete: {} } },
      },
    },
  };
}
