import type { Recurrence } from "../../../context/job.ts";

/** The used part of a task of node-cron 4. */
export interface NodeCronTask {
  readonly timezone?: unknown;
  readonly runner?: { readonly maxExecutions?: unknown; readonly maxRandomDelay?: unknown };
}

/** node-cron matches day of month and day of week both. */
export function nodeCronRecurrence(pattern: string, task: NodeCronTask): Recurrence {
  const { timezone, runner } = task;
  const { maxExecutions, maxRandomDelay } = runner ?? {};
  return {
    pattern,
    timezone: textOf(timezone),
    matchesBothDays: true,
    maxDelayMs: typeof maxRandomDelay === "number" ? maxRandomDelay : undefined,
    unsupported: maxExecutions ? "the option maxExecutions" : undefined,
  };
}

/** node-cron 3 also takes from a range the multiples of its step: `*\/2` are the even days. */
export function nodeCron3Recurrence(pattern: string, timezone: unknown): Recurrence {
  const [dayOfMonth = "", month = ""] = pattern.trim().split(/\s+/).slice(-3);
  const hasOwnSteps = /\d\//.test(pattern) || `${dayOfMonth}${month}`.includes("/");
  return {
    pattern,
    timezone: textOf(timezone),
    matchesBothDays: true,
    unsupported: hasOwnSteps ? "steps, which node-cron 3 counts from 0" : undefined,
  };
}

/** The options of a job of croner that determine its times, as croner stores them. */
export interface CronerOptions {
  readonly timezone?: unknown;
  readonly utcOffset?: unknown;
  readonly interval?: unknown;
  readonly maxRuns?: unknown;
  readonly stopAt?: unknown;
  readonly dayOffset?: unknown;
  readonly alternativeWeekdays?: unknown;
  readonly domAndDow?: unknown;
  readonly legacyMode?: unknown;
}

export function cronerRecurrence(pattern: string, options: CronerOptions): Recurrence {
  const { domAndDow, legacyMode, maxRuns } = options;
  const names = ["utcOffset", "interval", "stopAt", "dayOffset", "alternativeWeekdays"] as const;
  // With `utcOffset: 0` the time zone is UTC.
  const option = names.find((name) => Boolean(options[name]));
  const isFinite = typeof maxRuns === "number" && Number.isFinite(maxRuns);
  // In some versions it is replaced by the time at the start.
  const other = pattern.includes("?") ? "? in its pattern" : undefined;
  const found = isFinite ? "maxRuns" : option;
  return {
    pattern,
    timezone: options.utcOffset === 0 ? "UTC" : textOf(options.timezone),
    matchesBothDays: domAndDow === true || legacyMode === false,
    unsupported: found === undefined ? other : `the option ${found}`,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
