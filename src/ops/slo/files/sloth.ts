import { ANY_TEXT, NAME } from "../../../yaml/text-rules.ts";
import type { YamlMap } from "../../../yaml/yaml-map.ts";
import type { AlertChanges, Indicator, Objective, ObjectiveDefaults } from "../objective.ts";
import type { FoundObjective } from "./found-objective.ts";
import { LABEL, PERCENT } from "./text-rules.ts";
import { functionOf, QUERY, windowQuery } from "./window-query.ts";

/** The format is identified by it. */
const VERSION = "prometheus/v1";

/** Reads the objectives of a document of Sloth's `prometheus/v1`. What is wrong is reported by the map. */
export function readSlothDocument(
  document: YamlMap,
  defaults: ObjectiveDefaults,
): FoundObjective[] {
  const version = document.text("version", { pattern: /^prometheus\/v1$/, expected: VERSION });
  // Of another format all keys would be unknown.
  if (version === undefined) {
    if (!document.has("version")) document.problem("version", `is missing, expected ${VERSION}`);
    return [];
  }
  const service = document.required("service", NAME);
  const labels = document.texts("labels", LABEL);
  const list = document.maps("slos");
  if (list.length === 0) document.problem("slos", "there are none");
  document.end();
  return list.flatMap((slo) => {
    const objective = readObjective(slo);
    if (objective === undefined || service === undefined) return [];
    const allLabels = { ...labels, ...objective.labels };
    return [{ objective: { ...objective, ...defaults, service, labels: allLabels }, map: slo }];
  });
}

type OwnPart = Omit<Objective, "service" | keyof ObjectiveDefaults>;

function readObjective(slo: YamlMap): OwnPart | undefined {
  const name = slo.required("name", NAME);
  const percent = slo.required("objective", PERCENT);
  slo.text("description", ANY_TEXT);
  const labels = slo.texts("labels", LABEL);
  const indicator = readIndicator(slo);
  const alerts = readAlerts(slo);
  slo.end();
  if (name === undefined || percent === undefined || indicator === undefined) return undefined;
  return { name, percent: Number(percent), labels, indicator, ...(alerts && { alerts }) };
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
  const query = raw.required("error_ratio_query", QUERY);
  raw.end();
  return query === undefined ? undefined : { kind: "ratio", failedRatio: windowQuery(query) };
}

/** Numbers of events follow from `rate` and `increase` only. */
function readEvents(events: YamlMap): Indicator | undefined {
  const failed = events.required("error_query", QUERY);
  const total = events.required("total_query", QUERY);
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
