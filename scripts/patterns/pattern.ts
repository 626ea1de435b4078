/** A regular expression, and where it stands: `src/text.ts:12`. */
export interface Pattern {
  readonly source: string;
  readonly flags: string;
  readonly places: readonly string[];
}
