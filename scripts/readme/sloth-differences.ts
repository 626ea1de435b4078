import { differences } from "../../test/ops/slo/sloth/differences.ts";

/** Renders what distinguishes the rules from those of Sloth, in Markdown. */
export function slothDifferencesTable(): string {
  return [
    "| difference from Sloth | why |",
    "| --- | --- |",
    ...differences.map(({ name, reason }) => `| ${name} | ${reason} |`),
  ].join("\n");
}
