import type { Series } from "../../alerts/scenario.ts";
import type { Pairs } from "../../prometheus/rule-file.ts";
import { windowsOf } from "../burn-alerts.ts";
import type { CounterSelection, Indicator, Objective, RequestSelection } from "../objective.ts";
import { EVENTS, FAILED_EVENTS, labelsOf, ratioName } from "../recorded-series.ts";
import { exampleLabels } from "./example-labels.ts";
import { counterValues, gaugeValues, type Phase } from "./phase.ts";

const DURATION = "http_server_request_duration_seconds";

/** The process of the made series. */
export function processLabels(service: string | undefined): Pairs {
  return { job: service ?? "shop", instance: "test:9464" };
}

/**
 * Returns series of the metrics of an objective, with events of these phases. Undefined: its
 * metrics are those of a query, or no events.
 */
export function metricSeries(
  indicator: Indicator,
  phases: readonly Phase[],
): readonly Series[] | undefined {
  switch (indicator.kind) {
    case "availability":
      return requestSeries(indicator.selection, phases);
    case "latency":
      return latencySeries(indicator.selection, indicator.thresholdSeconds, phases);
    case "counters":
      return counterSeries(indicator.selection, phases);
    default:
      return undefined;
  }
}

/** Whether the metrics of an objective are known, and not those of a query. */
export function isOfMetrics({ kind }: Indicator): boolean {
  return kind === "availability" || kind === "latency" || kind === "counters";
}

function requestSeries(selection: RequestSelection, phases: readonly Phase[]): readonly Series[] {
  return [
    {
      metric: `${DURATION}_count`,
      labels: requestLabels(selection, "200"),
      values: counterValues(phases, ({ events, failed }) => events - failed),
    },
    {
      metric: `${DURATION}_count`,
      labels: requestLabels(selection, "500"),
      values: counterValues(phases, ({ failed }) => failed),
    },
  ];
}

/** Requests that failed are there as well, most of them fast: they do not count. */
function latencySeries(
  selection: RequestSelection,
  seconds: number,
  phases: readonly Phase[],
): readonly Series[] {
  const series = (part: string, labels: Pairs, counted: (phase: Phase) => number): Series => ({
    metric: `${DURATION}_${part}`,
    labels,
    values: counterValues(phases, counted),
  });
  const [all, failed] = ["200", "500"].map((status) => requestLabels(selection, status));
  return [
    series("count", { ...all }, eventsOf),
    series("bucket", { ...all, le: `${seconds}` }, (phase) => phase.events - phase.failed),
    series("bucket", { ...all, le: "+Inf" }, eventsOf),
    series("count", { ...failed }, eventsOf),
    series("bucket", { ...failed, le: `${seconds}` }, (phase) => Math.floor(phase.events / 2)),
    series("bucket", { ...failed, le: "+Inf" }, eventsOf),
  ];
}

function eventsOf({ events }: Phase): number {
  return events;
}

function requestLabels({ service, routes }: RequestSelection, status: string): Pairs {
  return {
    ...processLabels(service),
    ...{ http_request_method: "GET", http_route: routes[0] ?? "/orders" },
    http_response_status_code: status,
  };
}

function counterSeries(
  { service, total, part, isGood, by }: CounterSelection,
  phases: readonly Phase[],
): readonly Series[] | undefined {
  const grouped = by.map((label) => [label, "!=", ""] as const);
  const isShared = total.name === part.name;
  const inPart = exampleLabels([...part.matchers, ...grouped, ...(isShared ? total.matchers : [])]);
  const inTotal = exampleLabels(
    [...total.matchers, ...grouped],
    isShared ? part.matchers : undefined,
  );
  const isSame = by.every((label) => inPart?.[label] === inTotal?.[label]);
  if (inPart === undefined || inTotal === undefined || !isSame) return undefined;
  const counted = ({ events, failed }: Phase): number => (isGood ? events - failed : failed);
  const shared = processLabels(service);
  return [
    {
      metric: total.name,
      labels: { ...shared, ...inTotal },
      values: counterValues(phases, (phase) => phase.events - (isShared ? counted(phase) : 0)),
    },
    {
      metric: part.name,
      labels: { ...shared, ...inPart },
      values: counterValues(phases, counted),
    },
  ];
}

/** Returns the recorded series of an objective, as its queries would write them. */
export function recordedSeries(objective: Objective, phases: readonly Phase[]): readonly Series[] {
  const labels = labelsOf(objective);
  if (objective.indicator.kind === "ratio")
    return windowsOf(objective.periodDays)
      .slice(0, -1)
      .map((window) => ({
        metric: ratioName(window),
        labels: { ...labels, sloth_window: window },
        values: gaugeValues(phases, ({ events, failed }) => failed / Math.max(events, 1)),
      }));
  return [
    // Each event is in the numbers of five minutes.
    { metric: EVENTS, labels, values: gaugeValues(phases, ({ events }) => events * 5) },
    { metric: FAILED_EVENTS, labels, values: gaugeValues(phases, ({ failed }) => failed * 5) },
  ];
}
