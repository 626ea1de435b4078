import { constants } from "node:os";
import type { Exit } from "../child-process.ts";

/** Signals by which the kernel writes a core dump, which would be that of another program. */
const CORE_SIGNALS: ReadonlySet<string> = new Set([
  ...["SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGQUIT", "SIGSEGV", "SIGSYS", "SIGTRAP"],
  ...["SIGXCPU", "SIGXFSZ"],
]);

/** How a process ends that passes on the end of another one. */
export interface ProcessEnd {
  /** The exit code, if the signal does not end the process. */
  readonly code: number;
  /** Signal to end by. */
  readonly signal: NodeJS.Signals | undefined;
}

/** Returns the end of a process whose caller should see that of the command. */
export function endOf({ code, signal }: Exit): ProcessEnd {
  if (signal === null) return { code: code ?? 1, signal: undefined };
  return {
    // As shells do.
    code: 128 + constants.signals[signal],
    signal: CORE_SIGNALS.has(signal) ? undefined : signal,
  };
}
