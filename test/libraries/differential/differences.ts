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

export const differences: readonly Difference[] = [
  {
    subject: "trace flags of a trace that begins here, in lines of loggers",
    telltale: "`03`: sampled and random",
    sdk: "`01`: sampled",
    reason: "the ids of both are random, and level 2 of W3C Trace Context has a flag for that",
    equalize: (fact) => fact.replaceAll(/(trace_flags\\*":\\*")0[13]/g, "$1any"),
    isSelected: true,
  },
  {
    subject:
      "observable metrics with an asynchronous callback, in the export at the end of the process",
    telltale: "left out",
    sdk: "the value of the collection before, if there was one",
    reason: "nothing asynchronous runs at `exit`, and telltale exports no value as new that is old",
    equalize: (fact) => (/^metric .*open_file_descriptors\.limit/.test(fact) ? "" : fact),
    isSelected: true,
  },
];
