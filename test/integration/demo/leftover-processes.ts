import { readdirSync, readFileSync } from "node:fs";

/**
 * Returns the command lines of running processes that were started with
 * `TMPDIR=directory`: those that inherited it, or have a path below it as an argument
 * (PostgreSQL). Empty without `/proc`.
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

/** Empty for a process that has exited, or of another user. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}
