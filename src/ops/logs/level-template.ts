import { levelNames, levels, UNKNOWN_LEVEL } from "./level.ts";
import { quote } from "./text.ts";

/**
 * Returns the template of Go by which Alloy and Promtail reduce the field `level` to few
 * values. `eq` with several values is true for one of them. It has no variables, since
 * Promtail may expand what begins with a dollar sign.
 */
export function levelTemplate(): string {
  const cases = levels.map((level, index) => {
    const names = levelNames[level].map(quote).join(" ");
    return `{{ ${index === 0 ? "if" : "else if"} eq (ToLower .) ${names} }}${level}`;
  });
  // Without the field there is no Value, and ToLower would fail.
  const orUnknown = `{{ else }}${UNKNOWN_LEVEL}{{ end }}`;
  return `{{ with .Value }}${cases.join("")}${orUnknown}${orUnknown}`;
}
