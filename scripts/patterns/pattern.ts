/** A regular expression, and where it stands: `src/text.ts:12`. */
export interface FoundPattern {
  readonly source: string;
  readonly flags: string;
  readonly locations: readonly string[];
}
