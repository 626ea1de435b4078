import type { TextRule } from "../../../yaml/text-rules.ts";
import type { PeriodDays } from "../objective.ts";

export const LABEL: TextRule = {
  pattern: /^(?!sloth_)[A-Za-z_]\w{0,99}$/,
  expected: "the name of a label, which does not begin with sloth_",
};

export const PERCENT: TextRule = {
  pattern: /^9\d(?:\.\d{1,3})?$/,
  expected: "a percentage from 90 to 99.999, such as 99.9",
};

/** Returns the period of a text such as `30d`. Undefined: it is not supported. */
export function parsePeriod(text: string): PeriodDays | undefined {
  if (text === "30d" || text === "720h") return 30;
  return text === "28d" || text === "4w" || text === "672h" ? 28 : undefined;
}

/** What a period has to be, for messages. */
export const PERIOD_EXPECTED = "30d, 28d or 4w";
