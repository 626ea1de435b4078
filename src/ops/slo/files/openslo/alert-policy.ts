import { ANY_TEXT, type TextRule } from "../../../../yaml/text-rules.ts";
import type { YamlMap } from "../../../../yaml/yaml-map.ts";
import { formatDuration } from "../../../prometheus/promql.ts";
import type { WindowAlert } from "../../objective.ts";
import { readDuration } from "../duration.ts";
import { type Named, type OpenSloObject, readObject, readReference } from "./object.ts";

/** A condition of an alert on the burn rate. */
export type OpenSloCondition = Omit<WindowAlert, "labels">;

const SEVERITY: TextRule = {
  pattern: /^[\w.-]{1,50}$/,
  expected: "at most 50 letters, digits, and _ . -",
};
const KIND: TextRule = { pattern: /^burnrate$/, expected: "burnrate" };
const OPERATOR: TextRule = {
  pattern: /^gte?$/,
  expected: "gte or gt: the burn rate is compared with the threshold",
};

const MIN_WINDOW_SECONDS = 300;
const MAX_WINDOW_SECONDS = 3 * 86_400;

/** Reads the specification of an AlertCondition. Undefined: what is wrong is reported. */
export function readAlertCondition({ name, spec }: OpenSloObject): OpenSloCondition | undefined {
  const severity = spec.required("severity", SEVERITY);
  const condition = spec.map("condition");
  if (!spec.has("condition")) spec.problem("condition", "is missing, expected a map");
  spec.end();
  if (condition === undefined) return undefined;
  condition.text("kind", KIND);
  const operator = condition.required("op", OPERATOR);
  if (!condition.has("threshold")) condition.problem("threshold", "is missing, expected a number");
  const factor = condition.number("threshold", { min: 0.001, max: 1000 });
  const window = readDuration(condition, "lookbackWindow");
  const after = condition.has("alertAfter") ? readDuration(condition, "alertAfter") : 0;
  condition.end();
  if (window !== undefined && (window < MIN_WINDOW_SECONDS || window > MAX_WINDOW_SECONDS))
    condition.problem("lookbackWindow", "expected a duration from 5m to 3d");
  if (severity === undefined || operator === undefined) return undefined;
  if (factor === undefined || window === undefined || after === undefined) return undefined;
  return {
    ...{ name, severity, factor, window: formatDuration(window) },
    comparison: operator === "gt" ? ">" : ">=",
    ...(after > 0 && { for: formatDuration(after) }),
  };
}

/** Reads the specification of an AlertNotificationTarget. Returns its name. */
export function readNotificationTarget({ name, spec }: OpenSloObject): string {
  spec.required("target", ANY_TEXT);
  spec.end();
  return name;
}

/**
 * Reads the specification of an AlertPolicy.
 *
 * @returns its alerts, none if it is not to alert when it is breached. Undefined: what is
 *   wrong is reported.
 */
export function readAlertPolicy(
  { name, spec }: OpenSloObject,
  conditions: Named<OpenSloCondition>,
  targets: Named<string>,
): readonly WindowAlert[] | undefined {
  if (spec.flag("alertWhenNoData"))
    spec.problem("alertWhenNoData", "is not supported: without data there is no burn rate");
  // Alertmanager sends the end of an alert.
  spec.flag("alertWhenResolved");
  const isAlerting = !spec.has("alertWhenBreaching") || spec.flag("alertWhenBreaching");
  spec.flag("alertWhenBreaching");
  const [map, second] = spec.maps("conditions");
  const condition = map && readCondition(map, conditions);
  if (map === undefined || second !== undefined)
    spec.problem("conditions", "expected one condition");
  const names = spec
    .maps("notificationTargets")
    .flatMap((target) => readTarget(target, targets) ?? []);
  spec.end();
  if (condition === undefined) return undefined;
  const labels = names.length === 0 ? {} : { notification_targets: names.join(",") };
  return isAlerting ? [{ ...condition, name, labels }] : [];
}

function readCondition(
  map: YamlMap,
  conditions: Named<OpenSloCondition>,
): OpenSloCondition | undefined {
  if (map.has("conditionRef")) {
    const condition = readReference(map, "conditionRef", "AlertCondition", conditions);
    map.end();
    return condition;
  }
  map.text("kind", { pattern: /^AlertCondition$/, expected: "AlertCondition" });
  const object = readObject(map);
  return object && readAlertCondition(object);
}

function readTarget(map: YamlMap, targets: Named<string>): string | undefined {
  if (map.has("targetRef")) {
    const target = readReference(map, "targetRef", "AlertNotificationTarget", targets);
    map.end();
    return target;
  }
  map.text("kind", {
    pattern: /^AlertNotificationTarget$/,
    expected: "AlertNotificationTarget",
  });
  const object = readObject(map);
  return object && readNotificationTarget(object);
}
