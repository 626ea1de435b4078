import type { LoggerLevel } from "../api.ts";
import type { LogLevelRule } from "./config.ts";
import type { ReportIssue } from "./issue.ts";
import { formatMasked } from "./mask.ts";
import { suggest } from "./suggest.ts";

/** The levels of winston and pino, from fewest to most lines. */
export const loggerLevels: readonly LoggerLevel[] = [
  ...(["none", "fatal", "error", "warn", "info", "http", "verbose", "debug"] as const),
  ...(["silly", "trace"] as const),
];

/** The names of loggers: words between dots, in characters that need no quotes anywhere. */
const NAME = /^[\w$@/:-][\w$@/:.-]{0,127}$/;

/**
 * Parses a list such as `api=debug,*=info`. A level alone applies to all loggers, and
 * `api.*` is the same as `api`. An invalid entry is ignored.
 */
export function parseLogLevelRules(
  text: string,
  report: ReportIssue,
): readonly LogLevelRule[] | undefined {
  const rules: LogLevelRule[] = [];
  for (const entry of text.split(",").map((part) => part.trim())) {
    if (entry === "") continue;
    const rule = parseRule(entry, report);
    if (rule !== undefined) rules.push(rule);
  }
  return rules.length > 0 ? rules : undefined;
}

function parseRule(entry: string, report: ReportIssue): LogLevelRule | undefined {
  const equals = entry.indexOf("=");
  const name = loggerNameOf(equals === -1 ? "*" : entry.slice(0, equals).trim());
  const word = entry.slice(equals + 1).trim();
  const level = loggerLevelOf(word);
  if (name !== undefined && level !== undefined) return { name, level };
  report({
    received: formatMasked(entry),
    expected: `logger=level with one of the levels ${loggerLevels.join(", ")}`,
    suggestion: level === undefined ? suggest(word.toLowerCase(), loggerLevels) : undefined,
    used: "the other entries",
  });
  return undefined;
}

/** Returns the name that a rule applies to; undefined if it is none. */
export function loggerNameOf(text: string): string | undefined {
  const name = text.endsWith(".*") ? text.slice(0, -2) : text;
  return name === "*" || NAME.test(name) ? name : undefined;
}

/** Returns the level of this name in any case; undefined if there is none. */
export function loggerLevelOf(text: string): LoggerLevel | undefined {
  const name = text.toLowerCase();
  return loggerLevels.find((level) => level === name);
}
