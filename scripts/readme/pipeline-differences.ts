import { differences } from "../../test/libraries/differential/differences.ts";

/** Renders what the differential test accepts, in Markdown. */
export function pipelineDifferencesTable(): string {
  return [
    "| Subject | telltale | the SDK | Reason |",
    "| --- | --- | --- | --- |",
    ...differences.map(
      ({ subject, telltale, sdk, reason }) => `| ${subject} | ${telltale} | ${sdk} | ${reason} |`,
    ),
  ].join("\n");
}
