import type { MonitorConfig, MonitorSchedule } from "../../api.ts";
import type { Recurrence } from "../../context/job.ts";
import { tryRead } from "../../try-read.ts";
import { crontabOf } from "./crontab.ts";

/** The settings of a monitor, or the reason why a job can have none. */
export type MonitorSettings =
  | { readonly config: MonitorConfig; readonly problem?: undefined }
  | { readonly problem: string; readonly config?: undefined };

const MINUTE_MS = 60_000;
/** Sentry's default margin, in minutes. */
const DEFAULT_MARGIN = 1;

/**
 * Returns the settings of the monitor of a scheduled job. What the job does not
 * determine is left out, because Sentry then keeps what was set there.
 */
export function monitorSettingsOf(recurrence: Recurrence): MonitorSettings {
  const { pattern, everyMs, maxDelayMs = 0, unsupported } = recurrence;
  if (unsupported !== undefined) return { problem: `its times depend on ${unsupported}` };
  const margin =
    maxDelayMs > 0
      ? { checkinMargin: Math.ceil(maxDelayMs / MINUTE_MS) + DEFAULT_MARGIN }
      : undefined;
  if (everyMs !== undefined) {
    const schedule = intervalOf(everyMs);
    if (schedule !== undefined) return { config: { schedule, ...margin } };
    return { problem: `its interval of ${everyMs / 1000} s is not in whole minutes` };
  }
  if (pattern === undefined) return { problem: "it has no schedule" };
  const { crontab, problem } = crontabOf(pattern, recurrence.matchesBothDays === true);
  if (crontab === undefined) return { problem };
  const timezone = timezoneOf(recurrence.timezone);
  if (timezone === undefined)
    return { problem: `its time zone ${recurrence.timezone} has no name that Sentry knows` };
  return { config: { schedule: { type: "crontab", value: crontab }, timezone, ...margin } };
}

/** Sentry's units that have a fixed length, largest first, in minutes. */
const units = [
  { unit: "day", minutes: 1440 },
  { unit: "hour", minutes: 60 },
  { unit: "minute", minutes: 1 },
] as const;

function intervalOf(everyMs: number): MonitorSchedule | undefined {
  const total = everyMs / MINUTE_MS;
  if (!(total >= 1)) return undefined;
  const fit = units.find(({ minutes }) => Number.isInteger(total / minutes));
  return fit && { type: "interval", value: total / fit.minutes, unit: fit.unit };
}

/** Returns the name of a time zone as the tz database spells it, by default that of the process. */
function timezoneOf(timezone: string | undefined): string | undefined {
  const options = timezone === undefined ? {} : { timeZone: timezone };
  const name = tryRead(() => new Intl.DateTimeFormat("en", options).resolvedOptions().timeZone);
  return name !== undefined && /^[A-Z]/i.test(name) ? name : undefined;
}
