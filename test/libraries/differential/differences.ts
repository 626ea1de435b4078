/** A difference between telltale's pipelines and those of the SDK, which the differential test accepts. */
export interface Difference {
  /** Where it is, in Markdown, as the table of docs/pipeline-sdk.md has it. */
  readonly subject: string;
  readonly telltale: string;
  readonly sdk: string;
  readonly reason: string;
  /** Makes the facts of both equal, or returns an empty text for one that only one of them has. */
  readonly equalize: (fact: string) => string;
  /** Whether the selection of each test run has it; else only `TEST_DIFFERENTIAL=all` does. */
  readonly isSelected: boolean;
}

/** The flag of level 2 of W3C Trace Context. */
const RANDOM = 0x02;

export const differences: readonly Difference[] = [
  {
    subject:
      "trace flags, in spans, links, log records, lines of loggers and `traceparent`, unless the caller's has `01`",
    telltale: "`03`: sampled and random",
    sdk: "`01`: sampled",
    reason: "the ids of both are random, and level 2 of W3C Trace Context has a flag for that",
    equalize: (fact) =>
      fact
        .replaceAll(/"flags":(\d+)/g, (_, flags: string) => `"flags":${Number(flags) & ~RANDOM}`)
        .replaceAll(/(trace_flags\\*":\\*"|00-id-id-)0[13]/g, "$1any"),
    isSelected: true,
  },
];

/** Returns facts without a difference. */
export function equalized(facts: readonly string[], { equalize }: Difference): string[] {
  return facts.map(equalize).filter((fact) => fact !== "");
}
