import { suggest } from "../../../config/suggest.ts";
import { quote } from "../../../config/mask.ts";
import type { Alert, Threshold } from "../../../ops/alerts/alert.ts";
import type { Severity } from "../../../ops/alerts/alert-settings.ts";
import type { AlertOptions } from "../../../ops/options/alert-options.ts";
import { expectedQuantity, parseQuantity } from "../../../ops/options/quantity.ts";
import { secondsOf } from "../../../ops/prometheus/duration.ts";
import type { TextRule } from "../../../yaml/text-rules.ts";
import type { YamlMap } from "../../../yaml/yaml-map.ts";
import { LABEL_NAME } from "./text-rules.ts";

const DURATION: TextRule = {
  pattern: /^\d{1,5}[smhd]$/,
  expected: "a duration such as 90s, 5m or 6h",
};
/** Shorter than two intervals of OTLP, a rate has no value. Longer, the tests take too long. */
const WINDOW = { min: "2m", max: "1d" };
const FOR = { min: "0s", max: "1d" };
const COUNT: TextRule = { pattern: /^\d{1,9}$/, expected: "a whole number such as 20" };
const SEVERITY: TextRule = {
  pattern: /^(?:critical|warning|info)$/,
  expected: "critical, warning or info",
};
/** Prometheus reads braces as a template, which the tests can't. */
const LABEL_VALUE: TextRule = {
  pattern: /^(?!.*\{\{)[^\p{Cc}]{1,200}$/u,
  expected: "at most 200 characters without {{",
};

/** Reads `alerts`: what changes in each alert, by its name. */
export function readAlertOptions(
  section: YamlMap | undefined,
  alerts: readonly Alert[],
): ReadonlyMap<string, AlertOptions> {
  const changes = new Map<string, AlertOptions>();
  for (const name of section?.keys ?? []) {
    const alert = alerts.find((candidate) => candidate.name === name);
    const map = section?.map(name);
    if (alert === undefined) section?.problem(name, unknownAlert(name, alerts));
    else if (map !== undefined) changes.set(name, readChanges(map, alert));
  }
  return changes;
}

function readChanges(map: YamlMap, alert: Alert): AlertOptions {
  const threshold = readThreshold(map, alert);
  const window = readWindow(map, alert);
  const duration = readDuration(map, "for", FOR);
  const keepFiringFor = readDuration(map, "keep_firing_for", FOR);
  const minimum = readMinimum(map, alert);
  const severity = map.text("severity", SEVERITY);
  const isEnabled = map.has("enabled") ? map.flag("enabled") : undefined;
  const labels = readLabels(map, alert);
  map.end();
  return {
    ...(threshold !== undefined && { threshold }),
    ...(window !== undefined && { window }),
    ...(duration !== undefined && { for: duration }),
    ...(keepFiringFor !== undefined && { keepFiringFor }),
    ...(minimum !== undefined && { minimum }),
    ...(severity !== undefined && { severity: severity as Severity }),
    ...(isEnabled !== undefined && { isEnabled }),
    ...(Object.keys(labels).length > 0 && { labels }),
  };
}

function readThreshold(map: YamlMap, { threshold }: Alert): number | undefined {
  const text = map.text("threshold", { pattern: /^/, expected: "a threshold" });
  if (text === undefined) return undefined;
  if (threshold.isFixed === true) {
    map.problem("threshold", "the threshold of this alert can't be changed");
    return undefined;
  }
  const value = parseQuantity(text, threshold.unit);
  const expected =
    value === undefined ? expectedQuantity(threshold.unit) : expectedValue(value, threshold);
  if (expected === undefined) return value;
  map.problem("threshold", `received ${quote(text)}, expected ${expected}`);
  return undefined;
}

/** Returns what a value has to be with which an alert would always or never fire. Undefined: it is fine. */
function expectedValue(
  value: number,
  { fires, unit, value: usual }: Threshold,
): string | undefined {
  if (value === 0 && usual !== 0) return "more than zero";
  if (value >= 1 && unit === "ratio" && fires === "above")
    return "less than 100%, which the value never exceeds";
  return undefined;
}

function readWindow(map: YamlMap, alert: Alert): string | undefined {
  const window = readDuration(map, "window", WINDOW);
  if (window === undefined || alert.window !== undefined) return window;
  map.problem("window", "this alert has no window");
  return undefined;
}

function readDuration(
  map: YamlMap,
  key: string,
  { min, max }: { readonly min: string; readonly max: string },
): string | undefined {
  const text = map.text(key, DURATION);
  if (text === undefined) return undefined;
  const seconds = secondsOf(text) ?? Number.NaN;
  if (seconds >= (secondsOf(min) ?? 0) && seconds <= (secondsOf(max) ?? 0)) return text;
  map.problem(key, `received ${quote(text)}, expected a duration from ${min} to ${max}`);
  return undefined;
}

/** Labels beside those of the alert, by which it is identified and routed. */
function readLabels(map: YamlMap, { by }: Alert): Readonly<Record<string, string>> {
  const section = map.map("labels");
  if (section === undefined) return {};
  const own = new Set(["alertname", "alertstate", "severity", ...by]);
  return Object.fromEntries(
    section.keys.flatMap((name) => {
      const text = section.text(name, LABEL_VALUE);
      const problem = own.has(name)
        ? "the alert itself has this label"
        : LABEL_NAME.pattern.test(name)
          ? undefined
          : `expected ${LABEL_NAME.expected}`;
      if (problem !== undefined) section.problem(name, problem);
      return text === undefined || problem !== undefined ? [] : [[name, text]];
    }),
  );
}

function readMinimum(map: YamlMap, { events }: Alert): number | undefined {
  const minimum = map.text("minimum", COUNT);
  if (minimum === undefined || events !== undefined)
    return minimum === undefined ? undefined : Number(minimum);
  map.problem("minimum", "this alert has no minimum");
  return undefined;
}

function unknownAlert(name: string, alerts: readonly Alert[]): string {
  const suggestion = suggest(
    name,
    alerts.map((alert) => alert.name),
  );
  return suggestion === undefined
    ? "there is no such alert"
    : `there is no such alert, did you mean ${suggestion}?`;
}
