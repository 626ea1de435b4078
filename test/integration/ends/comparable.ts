import type { ProgramResult } from "../program.ts";

/** What must be the same of two processes, whatever they are. */
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
 * Where Node's loader of ES modules hands CommonJS over. With any `load` hook,
 * Node before 22.22.3 does that in the same number of frames from another line of
 * its own (`instrumentation/loading/esm-hook.ts`).
 */
const TRANSLATOR_FRAME = /^ {4}at .*node:internal\/modules\/esm\/translators:.*$/gm;

/**
 * V8's and Node's last words, as far as they are the same for any two runs of
 * one program: without collections of garbage, without the machine's addresses
 * and stack, and without the place where V8 noticed that its heap is full.
 */
function fatalLines(stderr: string): string[] {
  return stderr
    .split("\n")
    .filter((line) => !/^\s*\d+: |\d+ ms: |^\s*$/.test(line))
    .map((line) => line.replace(/^FATAL ERROR: .* Allocation/, "FATAL ERROR: Allocation"));
}
