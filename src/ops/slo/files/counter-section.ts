import type { TextRule } from "../../../yaml/text-rules.ts";
import type { YamlMap } from "../../../yaml/yaml-map.ts";
import { parseSelector, SELECTOR_EXPECTED } from "../../prometheus/parse-selector.ts";
import type { SeriesSelector } from "../../prometheus/promql.ts";
import type { Indicator } from "../objective.ts";

const ANY_SELECTOR: TextRule = { pattern: /\S/, expected: SELECTOR_EXPECTED };

const BY: TextRule = {
  pattern: /^(?!sloth_|__|job$)[A-Za-z_]\w{0,99}$/,
  expected: "the name of a label, other than job, which does not begin with sloth_ or __",
};

/** Reads `ratio`: counters of the app. Undefined: what is wrong is reported. */
export function readCounters(map: YamlMap, service: string | undefined): Indicator | undefined {
  const total = readSelector(map, "total");
  const isGood = map.has("good");
  if (isGood === map.has("failed")) map.problem("failed", "expected either failed or good");
  map.text(isGood ? "failed" : "good", ANY_SELECTOR);
  const part = readSelector(map, isGood ? "good" : "failed");
  const by = [...new Set(map.list("by", BY))];
  if (total === undefined || part === undefined) return undefined;
  const selection = { ...(service !== undefined && { service }), total, part, isGood, by };
  return { kind: "counters", selection };
}

function readSelector(map: YamlMap, key: string): SeriesSelector | undefined {
  const text = map.required(key, ANY_SELECTOR);
  if (text === undefined) return undefined;
  const series = parseSelector(text);
  if (series === undefined)
    map.problem(
      key,
      `received ${JSON.stringify(text.slice(0, 60))}, expected ${SELECTOR_EXPECTED}`,
    );
  return series;
}
