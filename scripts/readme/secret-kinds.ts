import { secretKinds } from "../../src/redaction/kinds.ts";

/** Renders the kinds of secrets, with their names in a dry run, in Markdown. */
export function secretKindsTable(): string {
  return [
    "| kind | what | examples |",
    "| --- | --- | --- |",
    ...secretKinds.map(({ kind, what, examples }) => `| ${kind} | ${what} | ${examples} |`),
  ].join("\n");
}
