import type { Diagnostics } from "../../diagnostics/diagnostics.ts";

/**
 * Runs a step of an instrumentation within a call of the app. An error of that
 * step is reported and never reaches the app.
 *
 * @param key groups messages about the same problem, of which one is logged
 * @param message what the error affects
 * @returns the result of `work`; undefined if it throws
 */
export function tryOrReport<Result>(
  diagnostics: Diagnostics,
  key: string,
  message: string,
  work: () => Result,
): Result | undefined {
  try {
    return work();
  } catch (error) {
    diagnostics.error(key, `${message}: ${String(error)}`);
    return undefined;
  }
}
