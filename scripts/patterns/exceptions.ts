import type { Pattern } from "./pattern.ts";

interface Exception {
  readonly file: string;
  /** What its pattern begins with. */
  readonly begins: string;
  readonly why: string;
}

/** Patterns that `recheck` is not asked about. */
const exceptions: readonly Exception[] = [
  {
    file: "src/entry/secrets.ts",
    begins: "(?:token|token[",
    why:
      "from each letter it looks no further than over one run of separators; of its two hundred " +
      "alternatives recheck makes a false alarm; test/tooling/linear-time.test.ts measures it",
  },
];

export function isException({ source, places }: Pattern): boolean {
  return exceptions.some((one) => isMeant(one, source, places));
}

/** The exceptions that no pattern needs any more. */
export function needless(patterns: readonly Pattern[]): readonly Exception[] {
  return exceptions.filter(
    (one) => !patterns.some(({ source, places }) => isMeant(one, source, places)),
  );
}

function isMeant({ file, begins }: Exception, source: string, places: readonly string[]): boolean {
  return source.startsWith(begins) && places.every((place) => place.startsWith(`${file}:`));
}

/**
 * Patterns that are put together at run time, by file: what the constructor
 * would be called with. Where a module makes them as it is loaded, they are
 * seen then.
 */
export const built: Readonly<Record<string, readonly string[] | "as it is loaded">> = {
  "src/entry/secrets.ts": "as it is loaded",
  "src/instrumentation/sql.ts": "as it is loaded",
  // The names are those of `table.ts`, as far as a variable's name may go.
  "src/instrumentation/es-module.ts": [
    String.raw`(^|[;{}\n][^\S\n]*|export\s+)const(?=\s+createCache\s*=)`,
  ],
};
