import type { LogOptions } from "../options/log-options.ts";
import type { Pairs } from "../prometheus/rule-file.ts";

/** An alert on the lines of a service, which each store queries in its own language. */
export interface LogAlert {
  readonly name: "TooManyErrorLines" | "FatalLine" | "TooManySecurityEvents" | "NoLogLines";
  readonly severity: "critical" | "warning";
  /** The reason of the threshold, one line each. */
  readonly comment: readonly string[];
  /** What it means, with `SERVICE` for the service. */
  readonly summary: string;
  /** What to do. */
  readonly description: string;
  /** The window of the query. */
  readonly minutes: number;
  /** Lines in the window that are still accepted. Undefined: the alert is on no lines. */
  readonly threshold: number | undefined;
}

/** How long a service that has stopped logging is remembered. */
export const REMEMBERED_HOURS = 6;

/** Returns the alerts on lines. */
export function logAlerts(options: LogOptions): readonly LogAlert[] {
  const silent = options.silentMinutes === 0 ? [] : [noLogLines(options)];
  return [tooManyErrorLines(options), fatalLine, tooManySecurityEvents(options), ...silent];
}

/** Returns the labels of an alert, for routes of Alertmanager. */
export function labelsOf({ severity }: LogAlert, team: string): Pairs {
  return { severity, team };
}

function tooManyErrorLines({ errorsPerMinute }: LogOptions): LogAlert {
  return {
    name: "TooManyErrorLines",
    severity: "warning",
    comment: [`A service logs more than ${errorsPerMinute} errors in a minute.`],
    summary: `SERVICE logged more than ${errorsPerMinute} errors within a minute`,
    description:
      "Search the lines of the service at level error, and follow the trace_id of one of them.",
    minutes: 1,
    threshold: errorsPerMinute,
  };
}

const fatalLine: LogAlert = {
  name: "FatalLine",
  severity: "critical",
  comment: ["Loggers use these levels when the process can't go on."],
  summary: "SERVICE logged a line at level fatal",
  description: "Read the line and those before it, and look whether the process was restarted.",
  minutes: 5,
  threshold: 0,
};

function tooManySecurityEvents({ securityEventsPerMinute }: LogOptions): LogAlert {
  return {
    name: "TooManySecurityEvents",
    severity: "warning",
    comment: [
      `More than ${securityEventsPerMinute} failed logins, denials or requests over a rate limit in a`,
      "minute are more than users that mistype: passwords are being tried.",
    ],
    summary: `SERVICE had more than ${securityEventsPerMinute} security events within a minute`,
    description: "Search the lines of the logger telltale/security, by event and client_address.",
    minutes: 1,
    threshold: securityEventsPerMinute,
  };
}

function noLogLines({ silentMinutes }: LogOptions): LogAlert {
  return {
    name: "NoLogLines",
    severity: "warning",
    comment: [
      `A service that logged within ${REMEMBERED_HOURS} hours has been silent for ${silentMinutes} minutes: it is down, or`,
      "its lines don't arrive any more, and no other alert on lines can fire. A service that was",
      "removed is forgotten after these hours.",
    ],
    summary: `No line of SERVICE has arrived for ${silentMinutes} minutes`,
    description: "Look whether the process runs, then whether the collector of its lines does.",
    minutes: silentMinutes,
    threshold: undefined,
  };
}
