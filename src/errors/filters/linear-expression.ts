import { RE2JS } from "re2js";

/** Longer texts are cut off before they are tested. */
const MAX_TEXT_LENGTH = 1_000;

/** The engine's values of flags. With `u` or without, it matches code points. */
const flagValues: readonly (readonly [flag: string, value: number])[] = [
  ["i", RE2JS.CASE_INSENSITIVE],
  ["m", RE2JS.MULTILINE],
  ["s", RE2JS.DOTALL],
];

/**
 * Compiles a regular expression that someone has configured, for an engine that takes
 * linear time: JavaScript's own takes exponential time for `/(a+)+$/`. The syntax is
 * that of RE2, which has no look-around and no back references.
 * https://github.com/google/re2/wiki/Syntax
 *
 * @returns a function that tests a text.
 * @throws RE2JSSyntaxException for any other syntax.
 */
export function compileLinear(source: string, flags: string): (text: string) => boolean {
  const used = flagValues.filter(([flag]) => flags.includes(flag));
  const expression = RE2JS.compile(
    source,
    used.reduce((bits, [, value]) => bits | value, 0),
  );
  return (text) => expression.test(text.slice(0, MAX_TEXT_LENGTH));
}
