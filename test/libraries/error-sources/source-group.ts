import { mechanismOf, type PlaceName, places, reasons } from "./places.ts";
import type { ErrorSourceRow } from "./row.ts";

/** One way in which the code of an app fails, in one library. */
export interface ErrorSource {
  /** Name and major version of the library, in Markdown. */
  readonly library: string;
  /** Where the error occurs, in words for the docs. */
  readonly place: string;
  /** `mechanism.type` of the event; undefined if there is no event. */
  readonly mechanism: string | undefined;
  /** Why there is no event. */
  readonly reason?: string | undefined;
}

/**
 * The sources of errors of similar libraries: a table of `docs/errors.md`. Each module below this folder
 * that exports one as `sourceGroup` has its table, in the order of their paths.
 */
export interface SourceGroup {
  readonly title: string;
  readonly sources: readonly ErrorSource[];
}

/** @param words for places that have another name in these libraries */
export function sourcesOf(
  rows: readonly Pick<ErrorSourceRow, "framework" | "reporters">[],
  words: Partial<Record<PlaceName, string>> = {},
): ErrorSource[] {
  return rows.flatMap(({ framework, reporters }) =>
    Object.entries(reporters).map(([name, reporter]) => {
      const place = name as PlaceName;
      const mechanism = mechanismOf(place, reporter);
      const text = words[place] ?? places[place];
      return { library: framework, place: text, mechanism, reason: reasons[place] };
    }),
  );
}
