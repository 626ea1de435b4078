import { defaultLogOptions, type LogOptions } from "../../../ops/options/log-options.ts";
import type { TextRule } from "../../../yaml/text-rules.ts";
import type { NumberLimits, YamlMap } from "../../../yaml/yaml-map.ts";

const urls = {
  lokiUrl: "loki_url",
  elasticsearchUrl: "elasticsearch_url",
  victoriaLogsUrl: "victorialogs_url",
  collectorUrl: "collector_url",
  alertmanagerUrl: "alertmanager_url",
} as const satisfies Partial<Record<keyof LogOptions, string>>;

/** Generated files would contain a user and a password. */
const URL: TextRule = {
  pattern: /^https?:\/\/[\w.-]{1,253}(?::\d{1,5})?(?:\/[\w./-]{0,200})?$/,
  expected: "an address such as http://loki:3100, without user, password and query",
};

/** Some syntaxes have no quotes around paths, and a wildcard would match rotated files. */
const FOLDER: TextRule = {
  pattern: /^(?:\/[\w.-]{1,100}){1,20}$/,
  expected: "an absolute path of letters, digits, and / _ . - without wildcards",
};

/** CloudWatch's own rule. */
const LOG_GROUP: TextRule = {
  pattern: /^[\w./#-]{1,512}$/,
  expected: "the name of a log group, such as /telltale/logs",
};

const DAYS: NumberLimits = { min: 1, max: 3653, isInteger: true };
const COUNT: NumberLimits = { min: 0, max: 1_000_000, isInteger: true };
const MINUTES: NumberLimits = { min: 0, max: 300, isInteger: true };

const numbers = {
  retentionDays: { key: "retention_days", limits: DAYS },
  errorsPerMinute: { key: "errors_per_minute", limits: COUNT },
  securityEventsPerMinute: { key: "security_events_per_minute", limits: COUNT },
  silentMinutes: { key: "silent_minutes", limits: MINUTES },
} as const satisfies Partial<Record<keyof LogOptions, object>>;

/** Reads `logs`: where log pipelines read and send lines, and the thresholds of alerts on lines. */
export function readLogOptions(section: YamlMap | undefined): LogOptions {
  if (section === undefined) return defaultLogOptions;
  const options: { -readonly [Name in keyof LogOptions]: LogOptions[Name] } = {
    ...defaultLogOptions,
  };
  if (section.has("folders")) {
    const folders = section.list("folders", FOLDER);
    if (folders.length > 0) options.folders = folders;
  }
  for (const name of Object.keys(urls) as (keyof typeof urls)[]) {
    const url = section.text(urls[name], URL);
    if (url !== undefined) options[name] = url.replace(/\/$/, "");
  }
  options.logGroup = section.text("log_group", LOG_GROUP) ?? options.logGroup;
  for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) {
    const { key, limits } = numbers[name];
    options[name] = section.number(key, limits) ?? options[name];
  }
  section.end();
  return options;
}
