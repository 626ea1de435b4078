import { readFileSync, statSync } from "node:fs";

/** Larger files are not written by hand. */
const MAX_BYTES = 1_000_000;

/** Returns the text of a file of the app; an empty one if it can't be read, or is too large. */
export function textOf(path: string): string {
  try {
    return statSync(path).size > MAX_BYTES ? "" : readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
