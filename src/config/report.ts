import type { ConfigIssue } from "./issue.ts";

/**
 * Formats the issues of the configuration for stderr, one line each. Secrets are
 * masked already.
 */
export function formatIssues(issues: readonly ConfigIssue[]): string {
  return issues.map((issue) => `telltale: ${formatIssue(issue)}\n`).join("");
}

function formatIssue(issue: ConfigIssue): string {
  switch (issue.kind) {
    case "invalid":
      return `${issue.variable}: received ${issue.received}, ${formatExpected(issue)}; using ${issue.used}`;
    case "file":
      return issue.problem;
    case "unsupported":
      return `${issue.variable} is set and has no effect: ${issue.reason}`;
    case "misspelt":
      return `${issue.variable} is not known, did you mean ${issue.suggestion}?`;
  }
}

function formatExpected(issue: ConfigIssue & { kind: "invalid" }): string {
  const expected = `expected ${issue.expected}`;
  return issue.suggestion === undefined
    ? expected
    : `${expected} (did you mean ${issue.suggestion}?)`;
}
