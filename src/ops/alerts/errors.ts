import { minutesOf } from "../prometheus/duration.ts";
import { eventsBy } from "../prometheus/rate-queries.ts";
import { exceptionRunbook } from "../runbooks/errors.ts";
import type { Alert, AlertScenarios } from "./alert.ts";
import type { AlertContext } from "./alert-settings.ts";
import {
  appearing,
  counter,
  gapBeforeEnd,
  isStartLongEnough,
  lengthOf,
  nothing,
  returningProcess,
  runningProcess,
  type Scenario,
  startedProcess,
} from "./scenario.ts";

const EXCEPTIONS = "telltale_exceptions_total";

const process = { job: "shop", instance: "a" };
const exception = { ...process, error_type: "TypeError", http_route: "/orders" };

/** Alerts on the exceptions of a service. */
export const errorAlerts: readonly Alert[] = [
  {
    name: "ExceptionsRise",
    subject: "errors",
    severity: "warning",
    meaning: "Exceptions of a service within 5 minutes, handled ones included.",
    threshold: {
      value: 10,
      unit: "number",
      fires: "above",
      reason: "Two a minute are no accident of one user.",
    },
    window: "5m",
    // Until then, failed requests have an alert of their own, which inhibits this one.
    for: "3m",
    by: ["job"],
    value: (context) => eventsBy(["job"], EXCEPTIONS, context),
    summary: "{{ $labels.job }} had {{ $value | humanize }} exceptions within minutes",
    action: "Look at the newest exceptions by type and route; a type that was never there is a bug",
    inhibitedBy: ["HighErrorRatio"],
    runbook: exceptionRunbook,
    panel: "Exceptions",
    scenarios: exceptionScenarios,
  },
];

function exceptionScenarios(context: AlertContext): AlertScenarios {
  const { threshold } = context;
  const minutes = lengthOf(context);
  const gap = gapBeforeEnd(context);
  const rising = (title: string, value: number): Scenario => ({
    ...{ title, minutes },
    series: [
      runningProcess(process, minutes),
      counter(EXCEPTIONS, exception, value / minutesOf(context.window), minutes),
    ],
  });
  const firing = { job: "shop" };
  return {
    fires: [
      { ...rising("above the threshold", threshold * 1.1), firing },
      ...exceptionsAtOnce(context).map((scenario) => ({ ...scenario, firing })),
    ],
    silent: [
      rising("just below the threshold", threshold * 0.9),
      {
        title: "after a gap in the scrapes, with series of earlier exceptions",
        minutes,
        series: [
          ...returningProcess(process, gap),
          appearing(EXCEPTIONS, exception, threshold * 100, gap),
        ],
      },
    ],
    noTraffic: [rising("no exceptions", 0), nothing(minutes)],
  };
}

function exceptionsAtOnce(context: AlertContext): readonly Scenario[] {
  const minutes = lengthOf(context);
  const gap = gapBeforeEnd(context);
  const atOnce = appearing(EXCEPTIONS, exception, context.threshold + 1, gap);
  // The exceptions leave the window before an alert that waits for longer fires.
  if (minutesOf(context.for) >= minutesOf(context.window)) return [];
  const running = {
    title: "all at once, in a series that was not there before",
    minutes,
    series: [runningProcess(process, minutes), atOnce],
  };
  const started = {
    title: "all at once, by a process that has just been started",
    minutes,
    series: [startedProcess(process, gap), atOnce],
  };
  return isStartLongEnough(context) ? [running, started] : [running];
}
