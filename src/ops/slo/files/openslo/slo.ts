import { ANY_TEXT, NAME, type TextRule } from "../../../../yaml/text-rules.ts";
import type { YamlMap } from "../../../../yaml/yaml-map.ts";
import {
  budgetOf,
  type Comparison,
  type Indicator,
  type Objective,
  type ObjectiveDefaults,
  type PeriodDays,
  tidy,
  type WindowAlert,
} from "../../objective.ts";
import type { FoundObjective } from "../found-objective.ts";
import { parsePeriod, PERCENT, PERIOD_EXPECTED } from "../text-rules.ts";
import { type OpenSloCondition, readAlertPolicy } from "./alert-policy.ts";
import { type OpenSloIndicator, readIndicator } from "./indicator.ts";
import { type Named, type OpenSloObject, readObject, readReference } from "./object.ts";

/** What the specification of an SLO may refer to. */
export interface OpenSloReferences {
  readonly sources: Named<string>;
  readonly indicators: Named<OpenSloIndicator>;
  readonly targets: Named<string>;
  readonly conditions: Named<OpenSloCondition>;
  readonly policies: Named<readonly WindowAlert[]>;
}

const BUDGETING: TextRule = {
  pattern: /^Occurrences$/,
  expected: "Occurrences: time slices are not supported",
};

/** Reads the objectives of an SLO. What is wrong is reported. */
export function readSlo(
  { name, labels, metadata, spec }: OpenSloObject,
  references: OpenSloReferences,
  defaults: ObjectiveDefaults,
): FoundObjective[] {
  const service = spec.required("service", NAME);
  const maps = spec.maps("objectives");
  // Reported for each of its objectives.
  const isComposite = maps.some((map) => map.has("indicator") || map.has("indicatorRef"));
  const indicator = readOwnIndicator(spec, references);
  if (!spec.has("indicator") && !spec.has("indicatorRef") && !isComposite)
    spec.problem("indicator", "is missing, expected indicator or indicatorRef");
  const periodDays = readPeriod(spec) ?? defaults.periodDays;
  const budgeting = spec.required("budgetingMethod", BUDGETING);
  const windowAlerts = readAlerts(spec, references);
  if (maps.length === 0) spec.problem("objectives", "there are none");
  spec.end();
  return maps.flatMap((map) => {
    const own = readObjective(map, indicator);
    if (own === undefined || service === undefined || budgeting === undefined) return [];
    const objective: Objective = {
      ...{ ...defaults, ...own, periodDays, service, labels },
      name: maps.length === 1 ? name : `${name}-${own.percent}`,
      ...(windowAlerts !== undefined && { windowAlerts }),
    };
    reportUnreachable(objective, spec);
    return [{ objective, map: metadata }];
  });
}

function readOwnIndicator(
  spec: YamlMap,
  { indicators, sources }: OpenSloReferences,
): OpenSloIndicator | undefined {
  const referenced = readReference(spec, "indicatorRef", "SLI", indicators);
  const inline = spec.map("indicator");
  if (inline === undefined) return referenced;
  if (spec.has("indicatorRef")) spec.problem("indicatorRef", "indicator excludes it");
  const object = readObject(inline);
  return object && readIndicator(object.spec, sources);
}

const ROLLING = "expected true, a rolling window: calendar windows are not supported";

function readPeriod(spec: YamlMap): PeriodDays | undefined {
  if (!spec.has("timeWindow")) return undefined;
  const [window, second] = spec.maps("timeWindow");
  if (window === undefined || second !== undefined) {
    spec.problem("timeWindow", "expected one window");
    return undefined;
  }
  if (!window.flag("isRolling")) window.problem("isRolling", ROLLING);
  window.map("calendar");
  const text = window.required("duration", {
    pattern: /^(?:30d|720h|28d|4w|672h)$/,
    expected: PERIOD_EXPECTED,
  });
  window.end();
  return text === undefined ? undefined : parsePeriod(text);
}

/** Returns undefined without policies: the alerts are those of all objectives. */
function readAlerts(
  spec: YamlMap,
  references: OpenSloReferences,
): readonly WindowAlert[] | undefined {
  const items = spec.items("alertPolicies", NAME);
  if (items.length === 0) return undefined;
  return items.flatMap((item) => {
    if (typeof item !== "string") return readInlinePolicy(item, references) ?? [];
    const { policies } = references;
    if (!policies.has(item))
      spec.problem("alertPolicies", `there is no AlertPolicy with the name ${item}`);
    return policies.get(item) ?? [];
  });
}

function readInlinePolicy(
  map: YamlMap,
  { policies, conditions, targets }: OpenSloReferences,
): readonly WindowAlert[] | undefined {
  if (map.has("alertPolicyRef")) {
    const policy = readReference(map, "alertPolicyRef", "AlertPolicy", policies);
    map.end();
    return policy;
  }
  map.text("kind", { pattern: /^AlertPolicy$/, expected: "AlertPolicy" });
  const object = readObject(map);
  return object && readAlertPolicy(object, conditions, targets);
}

/** More failures than events can't be. */
function reportUnreachable(objective: Objective, spec: YamlMap): void {
  for (const { name, factor } of objective.windowAlerts ?? []) {
    const ratio = tidy(factor * budgetOf(objective));
    if (ratio > 1)
      spec.problem(
        "alertPolicies",
        `${name} never fires: ${factor}x of the budget of ${objective.percent}% is ${tidy(ratio * 100)}% of the events`,
      );
  }
}

const COMPARISON: TextRule = { pattern: /^[lg]te?$/, expected: "lte, lt, gte or gt" };

const comparisonOf: Readonly<Record<string, Comparison>> = {
  ...{ lte: "<=", lt: "<", gte: ">=", gt: ">" },
};

const COMPOSITE = "composite objectives are not supported, expected one indicator for all";

function readObjective(
  map: YamlMap,
  indicator: OpenSloIndicator | undefined,
): Pick<Objective, "percent" | "indicator"> | undefined {
  map.text("displayName", ANY_TEXT);
  const percent = readTarget(map);
  map.refuse(["indicator", "indicatorRef", "compositeWeight"], COMPOSITE);
  map.refuse(["timeSliceTarget", "timeSliceWindow"], "time slices are not supported");
  const own = indicator && withThreshold(map, indicator);
  map.end();
  return percent === undefined || own === undefined ? undefined : { percent, indicator: own };
}

const TARGET: TextRule = {
  pattern: /^0?\.9\d{0,4}$/,
  expected: "a ratio from 0.9 to 0.99999, such as 0.999",
};

function readTarget(map: YamlMap): number | undefined {
  const [target, percent] = [map.text("target", TARGET), map.text("targetPercent", PERCENT)];
  if (map.has("target") === map.has("targetPercent")) {
    map.problem("target", "expected either target or targetPercent");
    return undefined;
  }
  if (target !== undefined) return tidy(Number(target) * 100);
  return percent === undefined ? undefined : Number(percent);
}

function withThreshold(map: YamlMap, indicator: OpenSloIndicator): Indicator | undefined {
  if (indicator.kind !== "threshold") {
    map.refuse(["op", "value"], "is for a thresholdMetric only");
    return indicator;
  }
  const operator = map.required("op", COMPARISON);
  if (!map.has("value")) map.problem("value", "is missing, expected a number");
  const value = map.number("value", { min: -1e15, max: 1e15 });
  const comparison = comparisonOf[operator ?? ""];
  return comparison === undefined || value === undefined
    ? undefined
    : { ...indicator, comparison, value };
}
