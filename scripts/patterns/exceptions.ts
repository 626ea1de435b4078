import type { FoundPattern } from "./pattern.ts";

interface PatternException {
  readonly file: string;
  /** The beginning of the pattern. */
  readonly startsWith: string;
  readonly reason: string;
}

/** Patterns that are not checked. */
const exceptions: readonly PatternException[] = [
  {
    file: "src/secrets.ts",
    startsWith: "(?:token|token[",
    reason:
      "from each letter it looks no further than over one run of separators; of its two hundred " +
      "alternatives recheck makes a false alarm; test/tooling/linear-time.test.ts measures it",
  },
];

export function isException({ source, locations }: FoundPattern): boolean {
  return exceptions.some((one) => matchesException(one, source, locations));
}

/** Returns the exceptions that match no pattern any more. */
export function unusedExceptions(patterns: readonly FoundPattern[]): readonly PatternException[] {
  return exceptions.filter(
    (one) => !patterns.some(({ source, locations }) => matchesException(one, source, locations)),
  );
}

function matchesException(
  { file, startsWith }: PatternException,
  source: string,
  places: readonly string[],
): boolean {
  return source.startsWith(startsWith) && places.every((place) => place.startsWith(`${file}:`));
}

/**
 * Patterns composed at run time, by file: the arguments of the constructor.
 * Patterns that a module composes while it loads are recorded then.
 */
export const dynamicPatterns: Readonly<Record<string, readonly string[] | "as it is loaded">> = {
  "src/secrets.ts": "as it is loaded",
  "src/redaction/checksums.ts": "as it is loaded",
  "src/queries/sql-tokens.ts": "as it is loaded",
  // Only parsed, never matched: whether the text is a regular expression.
  "src/ops/prometheus/parse-selector.ts": ["5.."],
  // Texts of the user's own rules, matched with values of a few letters.
  "src/ops/slo/replay/example-labels.ts": ["^(?:5..)$"],
  // Patterns of the user's own configuration of jest, which jest matches with the same paths.
  "src/testing/jest/transformer.ts": ["/node_modules/", String.raw`\.[jt]sx?$`],
  // The names are exports of the rows, as far as they are valid variable names.
  "src/instrumentation/loading/esm-source.ts": [
    String.raw`(^|[;{}\n][^\S\n]*|export\s+)const(?=\s+createCache\s*=)`,
  ],
};
