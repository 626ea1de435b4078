import type { Recurrence } from "../../../context/job.ts";

/** The used part of the option `repeat` that a job scheduler sets on its jobs. */
export interface RepeatOptions {
  readonly pattern?: string;
  /** In milliseconds. */
  readonly every?: number;
  readonly tz?: string;
  readonly limit?: number;
  readonly endDate?: unknown;
}

/**
 * @param runId identifies the job in its queue.
 * @param settings of the worker, which must be those of the queue.
 */
export function bullmqRecurrence(
  { pattern, every, tz, limit, endDate }: RepeatOptions,
  runId: string,
  settings: { readonly repeatStrategy?: unknown } | undefined,
): Recurrence {
  const options = { limit, endDate, repeatStrategy: settings?.repeatStrategy };
  const [option] = Object.entries(options).find(([, value]) => Boolean(value)) ?? [];
  return {
    pattern,
    everyMs: every,
    timezone: tz,
    unsupported: option === undefined ? undefined : `the option ${option}`,
    runId,
  };
}
