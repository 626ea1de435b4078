/**
 * Whether a version is within a range of npm's grammar: comparators, `^`, `~`,
 * `x` and `*`, joined by spaces (and) or `||` (or). That is all our table and
 * upstream's instrumentations use; a range that can't be read holds nothing.
 *
 * A prerelease counts as its release (`5.0.0-beta.3` as `5.0.0`), unlike in
 * npm: whoever runs it wants its telemetry.
 *
 * Grammar: https://github.com/npm/node-semver#ranges
 */
export function satisfies(version: string, range: string): boolean {
  const numbers = numbersOf(version);
  if (numbers?.length !== 3) return false;
  return range.split("||").some((alternative) => holds(numbers, alternative.trim()));
}

function holds(version: readonly number[], alternative: string): boolean {
  if (alternative === "") return true;
  const comparators = alternative.replace(/([<>=^~])\s+/g, "$1").split(/\s+/);
  return comparators.every((comparator) => compares(version, comparator));
}

function compares(version: readonly number[], comparator: string): boolean {
  const [, operator = "", text = ""] = /^([<>]=?|[=^~])?v?(.*)$/.exec(comparator) ?? [];
  const bound = numbersOf(text);
  if (bound === undefined) return false;
  if (bound.length === 0) return operator !== "<" && operator !== ">";
  switch (operator) {
    case ">=":
      return order(version, bound) >= 0;
    case "<":
      return order(version, bound) < 0;
    case ">":
      return order(version, next(bound, bound.length - 1)) >= 0;
    case "<=":
      return order(version, next(bound, bound.length - 1)) < 0;
    case "^":
      return between(version, bound, next(bound, firstNonZero(bound)));
    case "~":
      return between(version, bound, next(bound, Math.min(bound.length - 1, 1)));
    default:
      return between(version, bound, next(bound, bound.length - 1));
  }
}

function between(
  version: readonly number[],
  from: readonly number[],
  to: readonly number[],
): boolean {
  return order(version, from) >= 0 && order(version, to) < 0;
}

/** The first version after all that begin with `bound` up to `place`. */
function next(bound: readonly number[], place: number): number[] {
  return [...bound.slice(0, place), (bound[place] ?? 0) + 1];
}

/** A caret holds the leftmost number that isn't 0, or the last that is written. */
function firstNonZero(bound: readonly number[]): number {
  const place = bound.findIndex((number) => number > 0);
  return place === -1 ? bound.length - 1 : place;
}

function order(left: readonly number[], right: readonly number[]): number {
  for (let place = 0; place < 3; place++) {
    const difference = (left[place] ?? 0) - (right[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `4.1.2` -> [4, 1, 2], `4.x` -> [4], `*` -> []; undefined if it is no version. */
function numbersOf(text: string): number[] | undefined {
  const [release = ""] = text.split(/[-+]/, 1);
  const parts = release === "" ? [] : release.split(".");
  const wild = parts.findIndex((part) => part === "x" || part === "X" || part === "*");
  const numbers = (wild === -1 ? parts : parts.slice(0, wild)).map(Number);
  return numbers.length <= 3 && numbers.every(Number.isSafeInteger) ? numbers : undefined;
}
