import { LineWriter } from "../../diagnostics/line-writer.ts";

/** A module variable, since the process has one stdout. */
const stdout = new LineWriter(() => process.stdout);

/** Writes a line to stdout. Never throws. */
export function writeLineToStdout(line: string): void {
  stdout.write(line);
}
