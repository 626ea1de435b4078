import { readFileSync, statSync } from "node:fs";
import type { ReportIssue } from "./problem.ts";
import { MASK, formatMasked } from "./mask.ts";

/** A bundle of all public authorities is a fifth of this. */
const MAX_BYTES = 1024 * 1024;

/**
 * The text of the PEM file at `path`. Only a regular file of moderate size is
 * opened: a pipe or a device would stop the start of the app.
 */
export function readPemFile(path: string, report: ReportIssue): string | undefined {
  const text = readSmallFile(path);
  if (text?.includes("-----BEGIN ")) return text;
  report({ expected: "the path of a readable PEM file", used: "none" });
  return undefined;
}

function readSmallFile(path: string): string | undefined {
  try {
    const file = statSync(path);
    return file.isFile() && file.size <= MAX_BYTES ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

/** Somebody may have put the key itself where its path belongs. */
export function formatPath(path: string): string {
  return path.includes("-----BEGIN") || path.includes("\n") ? MASK : formatMasked(path);
}
