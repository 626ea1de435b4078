import type { OpsOptions } from "../options/ops-options.ts";
import type { QuietHours } from "../options/receiver-options.ts";
import { receiverName, type Team, teamsOf, type Urgency } from "./receivers.ts";

/** A route of Alertmanager, as its configuration has it. */
export interface Route {
  readonly receiver: string;
  readonly matchers?: readonly string[];
  readonly group_by?: readonly string[];
  readonly group_wait?: string;
  readonly group_interval?: string;
  readonly repeat_interval?: string;
  readonly mute_time_intervals?: readonly string[];
  readonly routes?: readonly Route[];
}

const QUIET = "quiet-hours";
/** The receiver of alerts that no one has to see, and of those that no receiver is set for. */
export const NONE = "none";
export const HEARTBEAT = "heartbeat";

/** Severities of telltale, and of objectives in the notation of Sloth. */
const severities: Readonly<Record<Urgency, string>> = {
  critical: 'severity=~"critical|page"',
  warning: 'severity=~"warning|ticket"',
  info: 'severity="info"',
};

/** Returns the tree of routes: the watchdog first, then a branch for each team, by severity. */
export function rootRoute(options: OpsOptions): Route {
  const { alertmanager } = options;
  const heartbeat = alertmanager.heartbeatUrl === undefined ? NONE : HEARTBEAT;
  return {
    receiver: NONE,
    group_by: ["service", "alertname"],
    group_wait: "30s",
    group_interval: "5m",
    repeat_interval: "4h",
    routes: [
      {
        matchers: ['alertname="Watchdog"'],
        receiver: heartbeat,
        group_wait: "0s",
        group_interval: "1m",
        repeat_interval: "5m",
      },
      ...teamsOf(options).map((team) => teamRoute(team, alertmanager.quietHours)),
    ],
  };
}

function teamRoute(team: Team, quietHours: QuietHours | undefined): Route {
  const muted = quietHours === undefined ? {} : { mute_time_intervals: [QUIET] };
  const route = (urgency: Urgency, times: Partial<Route>): Route => ({
    matchers: [severities[urgency]],
    receiver: receiverName(team, urgency),
    ...times,
  });
  return {
    ...(team.name !== undefined && { matchers: [`team=${JSON.stringify(team.name)}`] }),
    receiver: receiverName(team, "warning"),
    routes: [
      route("critical", { group_wait: "10s", repeat_interval: "1h" }),
      // Once a day: a warning is for working hours.
      route("warning", { repeat_interval: "24h", ...muted }),
      route("info", { group_wait: "0s", repeat_interval: "24h", ...muted }),
    ],
  };
}

/** Returns the time intervals of Alertmanager in which warnings wait. */
export function quietIntervals({ from, to, weekends, timeZone }: QuietHours): readonly object[] {
  // An interval can't go past midnight.
  const isOneDay = from < to;
  const times = isOneDay
    ? [{ start_time: from, end_time: to }]
    : [
        { start_time: from, end_time: "24:00" },
        ...(to === "00:00" ? [] : [{ start_time: "00:00", end_time: to }]),
      ];
  return [
    {
      name: QUIET,
      time_intervals: [
        { times, location: timeZone },
        ...(weekends ? [{ weekdays: ["saturday", "sunday"], location: timeZone }] : []),
      ],
    },
  ];
}
