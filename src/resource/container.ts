import { closeSync, openSync, readSync } from "node:fs";

/** Limits reading: `/proc` files have no size, and on a host with thousands of mounts they are long. */
const MAX_BYTES = 64 * 1024;

/**
 * Returns the id of the container in which this process runs, from files in `/proc`,
 * or undefined. Never throws.
 */
export function containerId(): string | undefined {
  if (process.platform !== "linux") return undefined;
  return (
    idInCgroup(readProcFile("/proc/self/cgroup")) ??
    idInMounts(readProcFile("/proc/self/mountinfo"))
  );
}

/**
 * Finds the id for cgroup v1 (and v2 in the host's namespace): a line ends with the
 * container's folder. Docker, containerd, CRI-O and Podman name it after the id, some
 * with `<runtime>-` before and `.scope` after it; Fargate uses a task and a number.
 */
export function idInCgroup(text: string): string | undefined {
  // Cheaper than the pattern below, which is compiled only if a match is possible.
  if (!/[\da-f]{32}/.test(text)) return undefined;
  return /[/:-]([\da-f]{64}|[\da-f]{32}-\d{6,})(?:\.scope)?$/m.exec(text)?.[1];
}

/**
 * Finds the id for cgroup v2 in a separate namespace, where the cgroup has no id:
 * Docker and Podman mount `hostname` from the container's folder. (containerd
 * mounts that of the pod, which has another id.)
 */
export function idInMounts(text: string): string | undefined {
  if (!text.includes("containers/")) return undefined;
  return /\/(?:overlay-)?containers\/([\da-f]{64})\/(?:userdata\/)?hostname /.exec(text)?.[1];
}

function readProcFile(path: string): string {
  try {
    const file = openSync(path, "r");
    try {
      return readUpToLimit(file);
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
}

/** Reads in a loop: `/proc` returns a page at a time. */
function readUpToLimit(file: number): string {
  const bytes = Buffer.allocUnsafe(MAX_BYTES);
  let length = 0;
  while (length < MAX_BYTES) {
    const count = readSync(file, bytes, length, MAX_BYTES - length, null);
    if (count === 0) break;
    length += count;
  }
  return bytes.toString("latin1", 0, length);
}
