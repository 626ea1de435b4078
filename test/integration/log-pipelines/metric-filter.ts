const CONDITION = /^\(?\$\.(\w+) (=|>=) (?:"([^"]*)"|(\d+))\)?$/;

/**
 * Whether a metric filter of CloudWatch matches a line: the part of its patterns for JSON that
 * generated ones use, one of several conditions, or one and one of several.
 *
 * @throws Error for a pattern of another form.
 */
export function matchesPattern(
  pattern: string,
  line: Readonly<Record<string, unknown>> | undefined,
): boolean {
  const [, body] = /^\{ (.*) \}$/.exec(pattern) ?? [];
  if (body === undefined) throw new Error(`no pattern for JSON: ${pattern}`);
  // A line that is no JSON matches none.
  if (line === undefined) return false;
  return body.split(" && ").every((part) => {
    const group = part.replace(/^\((\(.*\))\)$/, "$1");
    return group.split(" || ").some((condition) => matchesCondition(condition, line));
  });
}

function matchesCondition(condition: string, line: Readonly<Record<string, unknown>>): boolean {
  const [, name, operator, text, number] = CONDITION.exec(condition) ?? [];
  if (name === undefined) throw new Error(`unknown condition: ${condition}`);
  const value = line[name];
  if (operator === "=") return value === text;
  return typeof value === "number" && value >= Number(number);
}
