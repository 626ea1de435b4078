import { escapeControlCharacters } from "../diagnostics/escape-control-characters.ts";

const WRONG_USE = 2;

/** Prints one line to stderr. */
export function printMessage(line: string): void {
  process.stderr.write(`telltale: ${escapeControlCharacters(line)}\n`);
}

/** Prints a result to stdout. */
export function printJson(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/**
 * Reports all that is wrong with the options of a command, one line each.
 *
 * @param asJson whether stdout has one JSON object with the problems.
 * @returns the exit code.
 */
export function reportWrongUse(problems: readonly string[], asJson: boolean): number {
  for (const problem of problems) printMessage(problem);
  if (asJson) printJson({ status: "wrong use", problems });
  return WRONG_USE;
}
