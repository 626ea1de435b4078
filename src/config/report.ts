import type { Problem } from "./problem.ts";

/**
 * All that is wrong with the configuration, one line for each thing, ready for
 * stderr; empty if nothing is. Secrets were masked before.
 */
export function reportOf(problems: readonly Problem[]): string {
  return problems.map((problem) => `telltale: ${sentenceOf(problem)}\n`).join("");
}

function sentenceOf(problem: Problem): string {
  switch (problem.kind) {
    case "invalid":
      return `${problem.variable}: received ${problem.received}, ${wanted(problem)}; using ${problem.used}`;
    case "unsupported":
      return `${problem.variable} is set and has no effect: ${problem.reason}`;
    case "misspelt":
      return `${problem.variable} is not known, did you mean ${problem.nearest}?`;
  }
}

function wanted(problem: Problem & { kind: "invalid" }): string {
  const expected = `expected ${problem.expected}`;
  return problem.nearest === undefined
    ? expected
    : `${expected} (did you mean ${problem.nearest}?)`;
}
