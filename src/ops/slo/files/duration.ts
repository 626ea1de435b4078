import { SECONDS } from "../../prometheus/duration.ts";
import type { TextRule } from "../../../yaml/text-rules.ts";
import type { YamlMap } from "../../../yaml/yaml-map.ts";

const DURATION = /^(\d{1,6}(?:\.\d{1,6})?)(ms|[smhdw])$/;

const RULE: TextRule = { pattern: DURATION, expected: "a duration such as 250ms, 5m, 1h or 3d" };

/** Reads a duration that has to be there, in seconds. Undefined: what is wrong is reported. */
export function readDuration(map: YamlMap, key: string): number | undefined {
  const text = map.required(key, RULE);
  return text === undefined ? undefined : parseDuration(text);
}

/** Parses a duration such as `250ms`, in seconds. */
function parseDuration(text: string): number | undefined {
  const [, number, unit = ""] = DURATION.exec(text) ?? [];
  if (number === undefined) return undefined;
  return Number((Number(number) * SECONDS[unit as keyof typeof SECONDS]).toPrecision(12));
}
