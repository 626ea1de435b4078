import { isRegExp } from "node:util/types";
import type { PatternText, RedactionConfig } from "../config/config.ts";
import { quote } from "../config/mask.ts";
import { fieldProblem } from "../config/pattern-entries.ts";
import { propertyOf } from "../property.ts";
import { compilePattern, type Warn } from "./patterns.ts";

/** Limits of what the app adds: an app that adds something in each request would fill the memory. */
const MAX_FIELDS = 1000;
const MAX_PATTERNS = 100;

const EXPECTED = {
  fields: "names or paths of fields",
  patterns: "regular expressions",
  exceptions: "names or paths of fields and regular expressions",
} as const;

type Option = keyof typeof EXPECTED;

/** Returns the configuration with what the app has added; the same object if that is nothing new. */
export function extendConfig(
  config: RedactionConfig,
  additions: unknown,
  warn: Warn,
): RedactionConfig {
  if (typeof additions !== "object" || additions === null) {
    report(warn, undefined, typeName(additions), "an object with fields, patterns, exceptions");
    return config;
  }
  const [fields, patterns, exceptions] = (["fields", "patterns", "exceptions"] as const).map(
    (option) => readEntries(option, propertyOf(additions, option), warn),
  );
  const extended = {
    ...config,
    fields: union(config.fields, fields?.fields, MAX_FIELDS, warn),
    patterns: union(config.patterns, patterns?.patterns, MAX_PATTERNS, warn),
    exceptions: union(config.exceptions, exceptions?.fields, MAX_FIELDS, warn),
    exceptionPatterns: union(config.exceptionPatterns, exceptions?.patterns, MAX_PATTERNS, warn),
  };
  return Object.entries(extended).some(
    ([name, value]) => value !== config[name as keyof RedactionConfig],
  )
    ? extended
    : config;
}

interface Entries {
  readonly fields: readonly string[];
  readonly patterns: readonly PatternText[];
}

/** Returns the valid entries of an option, and reports the others. */
function readEntries(option: Option, list: unknown, warn: Warn): Entries {
  const fields: string[] = [];
  const patterns: PatternText[] = [];
  for (const entry of listOf(option, list, warn)) {
    if (isRegExp(entry) && option !== "fields") {
      const pattern = patternOf(entry, option, warn);
      if (pattern !== undefined) patterns.push(pattern);
    } else if (typeof entry === "string" && option !== "patterns" && isField(entry, option, warn)) {
      fields.push(entry);
    } else if (typeof entry !== "string" || option === "patterns") {
      report(warn, option, typeName(entry), EXPECTED[option]);
    }
  }
  return { fields, patterns };
}

function listOf(option: Option, list: unknown, warn: Warn): readonly unknown[] {
  if (list === undefined) return [];
  try {
    if (Array.isArray(list)) return [...(list as readonly unknown[])];
  } catch {
    // A revoked proxy, or a getter that throws.
  }
  report(warn, option, typeName(list), `a list of ${EXPECTED[option]}`);
  return [];
}

function isField(entry: string, option: Option, warn: Warn): boolean {
  const problem = fieldProblem(entry);
  if (problem === undefined) return true;
  report(warn, option, quote(entry), EXPECTED[option] + (problem === "" ? "" : ` (${problem})`));
  return false;
}

/** `v` has another syntax of sets, and `y` another meaning than a search. */
const UNSUPPORTED_FLAGS = /[vy]/;

function patternOf(expression: RegExp, option: Option, warn: Warn): PatternText | undefined {
  const flags = String(propertyOf(expression, "flags"));
  const pattern = { source: String(propertyOf(expression, "source")), flags };
  if (UNSUPPORTED_FLAGS.test(flags)) {
    const received = quote(`/${pattern.source}/${flags}`);
    report(warn, option, received, `${EXPECTED[option]} without the flags v and y`);
    return undefined;
  }
  return compilePattern(pattern, `addRedaction ${option}: received`, warn) && pattern;
}

/** Returns the same list if nothing is new. */
function union<T extends string | PatternText>(
  known: readonly T[],
  added: readonly T[] | undefined,
  max: number,
  warn: Warn,
): readonly T[] {
  const keys = new Set(known.map(keyOf));
  const fresh = (added ?? []).filter((entry) => !keys.has(keyOf(entry)) && keys.add(keyOf(entry)));
  if (fresh.length === 0) return known;
  if (known.length + fresh.length > max)
    warn(
      "redaction.limit",
      `addRedaction: received more than ${max} entries, expected the same ones for the whole process; the last ones are not added`,
    );
  return [...known, ...fresh].slice(0, Math.max(max, known.length));
}

function keyOf(entry: string | PatternText): string {
  return typeof entry === "string" ? entry : `/${entry.source}/${entry.flags}`;
}

function report(warn: Warn, option: Option | undefined, received: string, expected: string): void {
  const name = option === undefined ? "addRedaction" : `addRedaction ${option}`;
  warn(
    `redaction.${name}.${received}`,
    `${name}: received ${received}, expected ${expected}; ${option === undefined ? "nothing is added" : "using the other entries"}`,
  );
}

function typeName(value: unknown): string {
  return value === null ? "null" : typeof value;
}
