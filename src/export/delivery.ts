import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { ExitRequest } from "./exit.ts";

/** Sends all requests while the main thread waits, at most `deadlineMs`; settles each. Never throws. */
export declare function deliverAtExit(
  requests: readonly ExitRequest[],
  deadlineMs: number,
  diagnostics: Diagnostics,
): void;
