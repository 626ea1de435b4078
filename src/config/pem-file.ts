import { readFileSync, statSync } from "node:fs";
import type { ReportIssue } from "./issue.ts";
import { MASK, formatMasked } from "./mask.ts";

/** Five times the size of a bundle of all public authorities. */
const MAX_BYTES = 1024 * 1024;

/**
 * Reads the PEM file at `path`. Only a regular file of limited size is opened: a pipe
 * or a device would block the start of the app.
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

/** Masks a value that is the key itself in place of its path. */
export function formatPath(path: string): string {
  return path.includes("-----BEGIN") || path.includes("\n") ? MASK : formatMasked(path);
}
