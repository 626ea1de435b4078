/**
 * Returns whether a version is within a range of npm's grammar: comparators, `^`,
 * `~`, `x` and `*`, joined by spaces (and) or `||` (or). The table and upstream's
 * instrumentations use nothing else. An invalid range matches no version.
 *
 * Unlike in npm, a prerelease counts as its release (`5.0.0-beta.3` as `5.0.0`),
 * because an app that runs one needs telemetry too.
 *
 * Grammar: https://github.com/npm/node-semver#ranges
 */
export function satisfies(version: string, range: string): boolean {
  const numbers = parseNumbers(version);
  if (numbers?.length !== 3) return false;
  return range.split("||").some((alternative) => satisfiesAll(numbers, alternative.trim()));
}

function satisfiesAll(version: readonly number[], alternative: string): boolean {
  if (alternative === "") return true;
  const comparators = alternative.replace(/([<>=^~])\s+/g, "$1").split(/\s+/);
  return comparators.every((comparator) => satisfiesComparator(version, comparator));
}

function satisfiesComparator(version: readonly number[], comparator: string): boolean {
  const [, operator = "", text = ""] = /^([<>]=?|[=^~])?v?(.*)$/.exec(comparator) ?? [];
  const bound = parseNumbers(text);
  if (bound === undefined) return false;
  if (bound.length === 0) return operator !== "<" && operator !== ">";
  switch (operator) {
    case ">=":
      return compareVersions(version, bound) >= 0;
    case "<":
      return compareVersions(version, bound) < 0;
    case ">":
      return compareVersions(version, incrementAt(bound, bound.length - 1)) >= 0;
    case "<=":
      return compareVersions(version, incrementAt(bound, bound.length - 1)) < 0;
    case "^":
      return isBetween(version, bound, incrementAt(bound, firstNonZero(bound)));
    case "~":
      return isBetween(version, bound, incrementAt(bound, Math.min(bound.length - 1, 1)));
    default:
      return isBetween(version, bound, incrementAt(bound, bound.length - 1));
  }
}

function isBetween(
  version: readonly number[],
  from: readonly number[],
  to: readonly number[],
): boolean {
  return compareVersions(version, from) >= 0 && compareVersions(version, to) < 0;
}

/** Returns the first version after all versions that share the numbers of `bound` up to `index`. */
function incrementAt(bound: readonly number[], index: number): number[] {
  return [...bound.slice(0, index), (bound[index] ?? 0) + 1];
}

/** Index that a caret keeps: the leftmost number that is not 0, or the last one. */
function firstNonZero(bound: readonly number[]): number {
  const index = bound.findIndex((number) => number > 0);
  return index === -1 ? bound.length - 1 : index;
}

function compareVersions(left: readonly number[], right: readonly number[]): number {
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Parses `4.1.2` to [4, 1, 2], `4.x` to [4], `*` to []; undefined if it is no version. */
function parseNumbers(text: string): number[] | undefined {
  const [release = ""] = text.split(/[-+]/, 1);
  const parts = release === "" ? [] : release.split(".");
  const wild = parts.findIndex((part) => part === "x" || part === "X" || part === "*");
  const numbers = (wild === -1 ? parts : parts.slice(0, wild)).map(Number);
  return numbers.length <= 3 && numbers.every(Number.isSafeInteger) ? numbers : undefined;
}
