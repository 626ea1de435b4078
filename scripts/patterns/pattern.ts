/** A regular expression and its locations, such as `src/text.ts:12`. */
export interface FoundPattern {
  readonly source: string;
  readonly flags: string;
  readonly locations: readonly string[];
}
