import type { GracefulShutdownConfig } from "./config.ts";
import type { ReportIssue } from "./issue.ts";
import { formatMasked } from "./mask.ts";

/** Below the 30 seconds that Kubernetes waits before it kills a process. */
const DEFAULT_DEADLINE_MS = 25_000;

/** The default period of Kubernetes' probes. */
const MAX_DEFAULT_WAIT_MS = 10_000;

/** The share of the deadline that the default wait takes at most. */
const WAIT_SHARE = 0.4;

const MAX_MS = 2 ** 31 - 1;

type GivenShutdown = {
  [K in keyof GracefulShutdownConfig]?: GracefulShutdownConfig[K] | undefined;
};

/** Completes the settings of a graceful shutdown. */
export function completeShutdown(given: GivenShutdown): GracefulShutdownConfig {
  const { deadlineMs = DEFAULT_DEADLINE_MS, readiness = "fail" } = given;
  const { waitMs = Math.min(MAX_DEFAULT_WAIT_MS, deadlineMs * WAIT_SHARE) } = given;
  return { deadlineMs, waitMs, readiness };
}

/**
 * Parses `25s,wait=5s,readiness=keep`: the deadline, or `true` for the default one, and what
 * differs from the defaults. `false` is undefined.
 */
export function parseGracefulShutdown(
  text: string,
  report: ReportIssue,
): GracefulShutdownConfig | undefined {
  const [first = "", ...entries] = text.split(",").map((entry) => entry.trim());
  if (first === "false" && entries.length === 0) return undefined;
  const deadlineMs = first === "true" ? DEFAULT_DEADLINE_MS : millisecondsOf(first);
  if (deadlineMs === undefined || deadlineMs === 0) {
    report({
      received: formatMasked(first),
      expected: "true, false, or a deadline such as 25s",
      used: "no graceful shutdown",
    });
    return undefined;
  }
  let { waitMs, readiness } = completeShutdown({ deadlineMs });
  for (const entry of entries) {
    const [, name, value = ""] = /^(wait|readiness)=(.*)$/.exec(entry) ?? [];
    const wait = name === "wait" ? millisecondsOf(value) : undefined;
    if (wait !== undefined && wait < deadlineMs) {
      waitMs = wait;
    } else if (name === "readiness" && (value === "fail" || value === "keep")) {
      readiness = value;
    } else {
      report({
        received: formatMasked(entry),
        expected: "wait=DURATION below the deadline, readiness=fail, or readiness=keep",
        used: name === "readiness" ? `readiness=${readiness}` : `wait=${waitMs}ms`,
      });
    }
  }
  return { deadlineMs, waitMs, readiness };
}

/** Parses `25s`, `500ms` or `1m`; without a unit it is milliseconds. */
function millisecondsOf(text: string): number | undefined {
  const [, number, unit = "ms"] = /^(\d{1,10}(?:\.\d{1,3})?)(ms|s|m)?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const milliseconds = Number(number) * { ms: 1, s: 1000, m: 60_000 }[unit as "ms" | "s" | "m"];
  return milliseconds <= MAX_MS ? milliseconds : undefined;
}
