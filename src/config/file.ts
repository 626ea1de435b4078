import { readFileSync, statSync } from "node:fs";
import type { Complain } from "./problem.ts";
import { MASK, shownText } from "./mask.ts";

/** A bundle of all public authorities is a fifth of this. */
const LARGEST_BYTES = 1024 * 1024;

/**
 * The text of the PEM file at `path`. Only a regular file of moderate size is
 * opened: a pipe or a device would stop the start of the app.
 */
export function fileText(path: string, complain: Complain): string | undefined {
  const text = readable(path);
  if (text?.includes("-----BEGIN ")) return text;
  complain({ expected: "the path of a readable PEM file", used: "none" });
  return undefined;
}

function readable(path: string): string | undefined {
  try {
    const file = statSync(path);
    return file.isFile() && file.size <= LARGEST_BYTES ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

/** Somebody may have put the key itself where its path belongs. */
export function shownPath(path: string): string {
  return path.includes("-----BEGIN") || path.includes("\n") ? MASK : shownText(path);
}
