import type { AlertChanges, Indicator, Objective, WindowQuery } from "../../ops/slo/objective.ts";
import { parseYamlFile, type TextRule, type YamlMap } from "./yaml-map.ts";

/** Objectives of a file of Sloth. */
export interface SlothFile {
  readonly objectives: readonly Objective[];
  /** All that is wrong, one line each with file and line. */
  readonly problems: readonly string[];
}

/** The format is identified by it. */
const VERSION = "prometheus/v1";

const NAME: TextRule = {
  pattern: /^[A-Za-z\d][\w.-]{0,99}$/,
  expected: "at most 100 letters, digits, and _ . -",
};
const LABEL: TextRule = {
  pattern: /^(?!sloth_)[A-Za-z_]\w{0,99}$/,
  expected: "the name of a label, which does not begin with sloth_",
};
const ANY: TextRule = { pattern: /^/, expected: "a text" };
const PERCENT: TextRule = {
  pattern: /^9\d(?:\.\d{1,3})?$/,
  expected: "a percentage from 90 to 99.999, such as 99.9",
};

/** The place of the window in a query. */
const WINDOW = /\{\{\s*\.window\s*\}\}/g;
const QUERY: TextRule = { pattern: /\{\{\s*\.window\s*\}\}/, expected: "PromQL with {{.window}}" };

/**
 * Reads objectives of Sloth's `prometheus/v1`. Never throws.
 *
 * @param minEvents fewer events in the long window of an alert never fire it.
 */
export function readSlothFile(file: string, text: string, minEvents: number): SlothFile {
  const { documents, problems } = parseYamlFile(file, text);
  const objectives = documents.flatMap((document) => readDocument(document, minEvents));
  const ids = objectives.map(({ service, name }) => `${service} ${name}`);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) < at)))
    problems.push(`${file}: ${id}: the objective exists twice`);
  return { objectives, problems };
}

function readDocument(document: YamlMap, minEvents: number): Objective[] {
  const version = document.text("version", { pattern: /^prometheus\/v1$/, expected: VERSION });
  // Of another format all keys would be unknown.
  if (version === undefined) {
    if (!document.has("version")) document.problem("version", `is missing, expected ${VERSION}`);
    return [];
  }
  const service = required(document, "service", NAME);
  const labels = document.texts("labels", LABEL);
  const list = document.maps("slos");
  if (list.length === 0) document.problem("slos", "there are none");
  document.end();
  return list.flatMap((slo) => {
    const objective = readObjective(slo);
    if (objective === undefined || service === undefined) return [];
    return [{ ...objective, service, minEvents, labels: { ...labels, ...objective.labels } }];
  });
}

type OwnPart = Omit<Objective, "service" | "minEvents">;

function readObjective(slo: YamlMap): OwnPart | undefined {
  const name = required(slo, "name", NAME);
  const percent = required(slo, "objective", PERCENT);
  slo.text("description", ANY);
  const labels = slo.texts("labels", LABEL);
  const indicator = readIndicator(slo);
  const alerts = readAlerts(slo);
  slo.end();
  if (name === undefined || percent === undefined || indicator === undefined) return undefined;
  return { name, percent: Number(percent), labels, indicator, ...(alerts && { alerts }) };
}

function required(map: YamlMap, key: string, rule: TextRule): string | undefined {
  if (!map.has(key)) map.problem(key, `is missing, expected ${rule.expected}`);
  return map.text(key, rule);
}

function readIndicator(slo: YamlMap): Indicator | undefined {
  const sli = slo.map("sli");
  const [events, raw] = [sli?.map("events"), sli?.map("raw")];
  if (sli?.has("plugin") === true)
    sli.problem("plugin", "plugins are Go code, which only Sloth runs; expected events or raw");
  else if ((events === undefined) === (raw === undefined))
    slo.problem("sli", "expected either events or raw");
  else if (events !== undefined) return readEvents(events);
  else if (raw !== undefined) return readRaw(raw);
  return undefined;
}

function readRaw(raw: YamlMap): Indicator | undefined {
  const query = required(raw, "error_ratio_query", QUERY);
  raw.end();
  return query === undefined ? undefined : { kind: "ratio", failedRatio: windowQuery(query) };
}

/** Numbers of events follow from `rate` and `increase` only. */
function readEvents(events: YamlMap): Indicator | undefined {
  const failed = required(events, "error_query", QUERY);
  const total = required(events, "total_query", QUERY);
  events.end();
  if (failed === undefined || total === undefined) return undefined;
  const perSecond = functionOf(total) === "rate";
  if (
    functionOf(failed) !== functionOf(total) ||
    !(perSecond || functionOf(total) === "increase")
  ) {
    events.problem("total_query", "expected rate() in both queries, or increase() in both");
    return undefined;
  }
  return { kind: "events", failed: windowQuery(failed), total: windowQuery(total), perSecond };
}

const RATE = /\brate\s?\(/;
const INCREASE = /\bincrease\s?\(/;

/** Returns undefined for none of the two functions, or both. */
function functionOf(query: string): "rate" | "increase" | undefined {
  if (RATE.test(query) === INCREASE.test(query)) return undefined;
  return RATE.test(query) ? "rate" : "increase";
}

/** Control characters would end the text in the file of rules. */
function windowQuery(query: string): WindowQuery {
  const text = query.trim().replaceAll(/(?!\n)[\p{Cc}\p{Zl}\p{Zp}]/gu, " ");
  return (window) => text.replaceAll(WINDOW, window);
}

function readAlerts(slo: YamlMap): Objective["alerts"] {
  const alerting = slo.map("alerting");
  if (alerting === undefined) return undefined;
  const name = alerting.text("name", NAME);
  const labels = alerting.texts("labels", LABEL);
  const annotations = alerting.texts("annotations", LABEL);
  const read = (key: string): AlertChanges => {
    const alert = alerting.map(key);
    const changes = {
      name,
      labels: { ...labels, ...alert?.texts("labels", LABEL) },
      annotations: { ...annotations, ...alert?.texts("annotations", LABEL) },
      isDisabled: alert?.flag("disable") ?? false,
    };
    alert?.end();
    return changes;
  };
  const alerts = { page: read("page_alert"), ticket: read("ticket_alert") };
  alerting.end();
  return alerts;
}
