import { type FindingId, type FindingRow, findingRows, type Severity } from "./finding-rows.ts";

/** What `telltale doctor` and `telltale check` have found. Contains no secret. */
export interface Finding<Id extends string = FindingId> {
  readonly id: Id;
  readonly severity: Severity;
  readonly message: string;
  /** What to do. */
  readonly remedy: string;
}

/** Texts for the placeholders of a row, without secrets. */
export type FindingValues = Readonly<Record<string, string | number>>;

/** Creates a finding of doctor. */
export function createFinding(id: FindingId, values: FindingValues = {}): Finding {
  return findingOf(id, findingRows[id], values);
}

/** Creates the finding of a row, with the values in its message and its remedy. */
export function findingOf<Id extends string>(
  id: Id,
  { severity, message, remedy }: Pick<FindingRow, "severity" | "message" | "remedy">,
  values: FindingValues,
): Finding<Id> {
  return { id, severity, message: fillIn(message, values), remedy: fillIn(remedy, values) };
}

/** Whether a finding makes the exit code 1. Others explain missing telemetry that is a choice. */
export function isProblem({ severity }: Finding<string>): boolean {
  return severity !== "info";
}

const ORDER: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** Sorts findings by their severity, and leaves out duplicates. */
export function sortFindings<Id extends string>(findings: readonly Finding<Id>[]): Finding<Id>[] {
  const unique = new Map(findings.map((finding) => [`${finding.id} ${finding.message}`, finding]));
  return [...unique.values()].toSorted(
    (left, right) => ORDER[left.severity] - ORDER[right.severity],
  );
}

function fillIn(text: string, values: FindingValues): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? "?"));
}
