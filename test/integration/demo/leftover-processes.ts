import { readdirSync, readFileSync } from "node:fs";

/**
 * What still runs of a program that was started with `TMPDIR=directory`, as
 * command lines: who inherited that, or was told a path below it (PostgreSQL).
 * Where there is no `/proc`, nothing can be told.
 */
export function leftoverProcesses(directory: string): string[] {
  return pids().flatMap((pid) => {
    const [command, environment] = [read(pid, "cmdline"), read(pid, "environ")];
    const isOf = command.includes(directory) || environment.includes(`TMPDIR=${directory}`);
    return isOf ? [command.replaceAll("\0", " ")] : [];
  });
}

function pids(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** Empty for a process that is gone, or somebody else's. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}
