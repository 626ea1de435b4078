import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { tryRead } from "../../try-read.ts";
import { maxTailBytes } from "./output-tail.ts";

/** Where a standard stream of this process goes to. */
export interface OutputTarget {
  readonly fd: number;
  /** A file can be read afterwards; what goes through a pipe or a socket cannot. */
  readonly kind: "file" | "stream" | "other";
  /** Identifies the file or the pipe. */
  readonly id: string;
  /** Bytes of a file that others have written before. */
  readonly size: number;
}

/** Describes a standard stream of this process. One that is closed is `other`. */
export function describeOutput(fd: number): OutputTarget {
  const stats = tryRead(() => fstatSync(fd));
  if (stats === undefined) return { fd, kind: "other", id: "", size: 0 };
  const isStream = stats.isFIFO() || stats.isSocket();
  const kind = stats.isFile() ? "file" : isStream ? "stream" : "other";
  return { fd, kind, id: `${stats.dev}:${stats.ino}`, size: stats.size };
}

/** Whether both go to the same file or pipe. */
export function hasSameTarget([first, second]: readonly OutputTarget[]): boolean {
  return first !== undefined && first.kind !== "other" && first.id === second?.id;
}

/** Returns what was appended to a file, at most as much as a tail has; "" for others. Never throws. */
export function readAppended(
  target: OutputTarget,
  index: number,
  targets: readonly OutputTarget[],
): string {
  if (target.kind !== "file" || (index > 0 && hasSameTarget(targets))) return "";
  return tryRead(() => readEnd(target)) ?? "";
}

/** Linux has files for the descriptors of a process, by which one that is open for writing can be read. */
function readEnd({ fd, size }: OutputTarget): string {
  const file = openSync(`/proc/self/fd/${fd}`, "r");
  try {
    const end = fstatSync(file).size;
    // It was truncated or rotated in the meantime.
    const start = Math.max(end < size ? 0 : size, end - maxTailBytes);
    const bytes = Buffer.alloc(end - start);
    return bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.length, start));
  } finally {
    closeSync(file);
  }
}
