import type { TextRule } from "../../../yaml/text-rules.ts";

/** Without user and password, which would be in every message and file. */
export const URL: TextRule = {
  pattern: /^https?:\/\/[^\s@"'<>\\`]{1,1000}$/,
  expected: "an address that begins with http:// or https://, without user and password",
};

/** How often something is measured. */
export const INTERVAL: TextRule = {
  pattern: /^[1-9]\d{0,3}[sm]$/,
  expected: "a duration such as 15s, 60s or 5m",
};

/** The name of a label of Prometheus. */
export const LABEL_NAME: TextRule = {
  pattern: /^[A-Za-z_]\w{0,99}$/,
  expected: "the name of a label",
};

/** Returns the rule of the path of a file that a program reads. */
export function pathOnHostOf(program: string): TextRule {
  return {
    pattern: /^[^\p{C}]{1,500}$/u,
    expected: `the path of a file on the host of ${program}`,
  };
}
