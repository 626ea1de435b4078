import assert from "node:assert/strict";
import type { MonitorConfig } from "../../../src/api.ts";
import type { Recurrence } from "../../../src/context/job.ts";
import { monitorSettingsOf } from "../../../src/errors/monitors/monitor-config.ts";

const crontab = { type: "crontab", value: "0 2 * * *" } as const;
const daily = { pattern: "0 2 * * *", timezone: "Europe/Berlin" };
const interval = (value: number, unit: "day" | "hour" | "minute"): MonitorConfig => ({
  schedule: { type: "interval", value, unit },
});

const rows: readonly (readonly [title: string, Recurrence, MonitorConfig | string])[] = [
  ["a pattern", daily, { schedule: crontab, timezone: "Europe/Berlin" }],
  [
    "the time zone as the tz database spells it",
    { ...daily, timezone: "europe/berlin" },
    { schedule: crontab, timezone: "Europe/Berlin" },
  ],
  [
    "the time zone of the process",
    { pattern: "0 2 * * *" },
    { schedule: crontab, timezone: new Intl.DateTimeFormat().resolvedOptions().timeZone },
  ],
  [
    "a random delay",
    { ...daily, maxDelayMs: 90_000 },
    { schedule: crontab, timezone: "Europe/Berlin", checkinMargin: 3 },
  ],
  ["an interval in days", { everyMs: 172_800_000 }, interval(2, "day")],
  ["an interval in hours", { everyMs: 5_400_000 * 4 }, interval(6, "hour")],
  ["an interval in minutes", { everyMs: 5_400_000 }, interval(90, "minute")],
  ["half a minute", { everyMs: 30_000 }, "its interval of 30 s is not in whole minutes"],
  ["no whole minutes", { everyMs: 90_000 }, "its interval of 90 s is not in whole minutes"],
  ["no interval", { everyMs: Number.NaN }, "its interval of NaN s is not in whole minutes"],
  ["no schedule", {}, "it has no schedule"],
  ["seconds", { pattern: "* * * * * *" }, "it starts more than once a minute"],
  [
    "an offset as time zone",
    { ...daily, timezone: "+02:00" },
    "its time zone +02:00 has no name that Sentry knows",
  ],
  [
    "an unknown time zone",
    { ...daily, timezone: "Mars/Olympus" },
    "its time zone Mars/Olympus has no name that Sentry knows",
  ],
  [
    "another option",
    { ...daily, unsupported: "the option maxRuns" },
    "its times depend on the option maxRuns",
  ],
];

describe("The settings of a monitor", () => {
  for (const [title, recurrence, expected] of rows) {
    it(`are those of a schedule with ${title}`, () => {
      const { config, problem } = monitorSettingsOf(recurrence);
      assert.deepEqual(config ?? problem, expected);
    });
  }
});
