import type { ProgramResult } from "../program.ts";

/** The properties of a process that must not depend on the preload. */
export function comparable(
  { code, signal, stdout, stderr }: ProgramResult,
  abrupt = false,
): object {
  return { code, signal, stdout, stderr: abrupt ? fatalLines(stderr) : withoutPid(stderr) };
}

function withoutPid(stderr: string): string {
  return stderr
    .replaceAll(/\(node:\d+\)/g, "(node)")
    .replaceAll(TRANSLATOR_FRAME, "    at <a translator>");
}

/**
 * Matches the frame where Node's ES module loader calls the CommonJS loader. With a
 * `load` hook, Node before 22.22.3 calls it from another line, in the same number of
 * frames (`instrumentation/loading/esm-hook.ts`).
 */
const TRANSLATOR_FRAME = /^ {4}at .*node:internal\/modules\/esm\/translators:.*$/gm;

/**
 * Removes what differs between two runs of a program from the fatal error messages of
 * V8 and Node: garbage collections, memory addresses, native stack, and the place where
 * V8 detected that its heap is full.
 */
function fatalLines(stderr: string): string[] {
  return stderr
    .split("\n")
    .filter((line) => !/^\s*\d+: |\d+ ms: |^\s*$/.test(line))
    .map((line) => line.replace(/^FATAL ERROR: .* Allocation/, "FATAL ERROR: Allocation"));
}
