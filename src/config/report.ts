import type { Problem } from "./problem.ts";

/**
 * All that is wrong with the configuration, one line for each thing, ready for
 * stderr; empty if nothing is. Secrets were masked before.
 */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map((problem) => `telltale: ${formatProblem(problem)}\n`).join("");
}

function formatProblem(problem: Problem): string {
  switch (problem.kind) {
    case "invalid":
      return `${problem.variable}: received ${problem.received}, ${formatExpected(problem)}; using ${problem.used}`;
    case "unsupported":
      return `${problem.variable} is set and has no effect: ${problem.reason}`;
    case "misspelt":
      return `${problem.variable} is not known, did you mean ${problem.suggestion}?`;
  }
}

function formatExpected(problem: Problem & { kind: "invalid" }): string {
  const expected = `expected ${problem.expected}`;
  return problem.suggestion === undefined
    ? expected
    : `${expected} (did you mean ${problem.suggestion}?)`;
}
