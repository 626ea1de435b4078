import { RE2JS } from "re2js";

/** A compiled regular expression that takes linear time. */
export interface LinearExpression {
  /** Whether a part of the text matches. */
  test(this: void, text: string): boolean;
  /** Returns the parts of the text that match: pairs of the first position and the one after the last. */
  matches(this: void, text: string): (readonly [from: number, to: number])[];
}

/** The engine's values of flags. With `u` or without, it matches code points. */
const flagValues: readonly (readonly [flag: string, value: number])[] = [
  ["i", RE2JS.CASE_INSENSITIVE],
  ["m", RE2JS.MULTILINE],
  ["s", RE2JS.DOTALL],
];

/**
 * Compiles a regular expression that someone has configured, for an engine that takes
 * linear time: JavaScript's own takes exponential time for `/(a+)+$/`. The syntax is
 * that of RE2, which has no look-around and no back references. The spellings of
 * JavaScript (`\u0041`, `(?<name>…)`) are translated.
 * https://github.com/google/re2/wiki/Syntax
 *
 * @throws for any other syntax.
 */
export function compileLinear(source: string, flags: string): LinearExpression {
  // The translation would make it the letter k.
  if (source.replaceAll("\\\\", "").includes("\\k")) throw new Error("back reference");
  const used = flagValues.filter(([flag]) => flags.includes(flag));
  const expression = RE2JS.compile(
    RE2JS.translateRegExp(source),
    used.reduce((bits, [, value]) => bits | value, 0),
  );
  return {
    test: (text) => expression.test(text),
    matches: (text) => (expression.test(text) ? matchesOf(expression, text) : []),
  };
}

function matchesOf(expression: RE2JS, text: string): (readonly [from: number, to: number])[] {
  const matches: [number, number][] = [];
  const matcher = expression.matcher(text);
  while (matcher.find()) {
    // `/x*/` matches the empty text everywhere.
    if (matcher.end() > matcher.start()) matches.push([matcher.start(), matcher.end()]);
  }
  return matches;
}
