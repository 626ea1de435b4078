import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { threadId } from "node:worker_threads";

/** A thread that owns files of the folder, as written to its owner file. */
export interface OwnerRecord {
  /** Identifies the kernel and the namespace in which `pid` is valid. */
  readonly namespace: string;
  readonly pid: number;
  /** Start of the process in the kernel's clock ticks, since a pid is reused; undefined if the system has no `/proc`. */
  readonly start: string | undefined;
  /** 0 for the main thread. */
  readonly thread: number;
}

/** Name of an owner's file. Without it the owner is gone. */
export function ownerFileName(owner: string): string {
  return `${owner}.owner`;
}

/** Returns the id of the owner of an owner file. */
export function ownerOfFile(name: string): string | undefined {
  return /^([0-9a-f]{16})\.owner$/.exec(name)?.[1];
}

export function createOwnerId(): string {
  return randomBytes(8).toString("hex");
}

/** Describes this thread. */
export function currentOwner(): OwnerRecord {
  return {
    namespace: currentNamespace(),
    pid: process.pid,
    start: startOf(process.pid),
    thread: threadId,
  };
}

/** Containers of one host have the same boot id, and each its own namespace of pids. */
function currentNamespace(): string {
  try {
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${bootId} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

/** Parses an owner file. Returns undefined if it is incomplete. */
export function parseOwner(text: string): OwnerRecord | undefined {
  try {
    const { namespace, pid, start, thread } = JSON.parse(text) as Partial<OwnerRecord>;
    if (typeof namespace !== "string" || typeof pid !== "number" || typeof thread !== "number")
      return undefined;
    return { namespace, pid, start: typeof start === "string" ? start : undefined, thread };
  } catch {
    return undefined;
  }
}

/** "unknown" if only the owner's further heartbeats prove that it lives. */
export type OwnerState = "alive" | "gone" | "unknown";

export function stateOfOwner(owner: OwnerRecord, self: OwnerRecord): OwnerState {
  if (owner.namespace !== self.namespace) return "unknown";
  const start = startOf(owner.pid);
  if (!isRunning(owner.pid) || (owner.start !== undefined && owner.start !== start)) return "gone";
  // A thread may end without its process.
  return owner.start !== undefined && owner.thread === 0 ? "alive" : "unknown";
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Field 22 of `/proc/PID/stat`; the name in field 2 may contain spaces and parentheses. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
