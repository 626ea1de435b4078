import {
  type Compared,
  type FiredAlert,
  type ObjectiveFigures,
  type Report,
  type RouteFigures,
  type ServiceFigures,
} from "./report.ts";
import {
  formatChange,
  formatCount,
  formatMinutes,
  formatPoints,
  formatQuantile,
  formatSeconds,
  formatShare,
  NO_DATA,
} from "./formats.ts";
import { formatTime, secondsOf } from "./period.ts";
import type { Point } from "../prometheus/prometheus-api.ts";
import type { Quantile } from "./quantile.ts";

/*
 * A report as a sequence of blocks, from which each format is rendered.
 */

/** A text, or a name from the telemetry, which is shown as code. */
export type Cell = string | { readonly code: string };

export interface Column {
  readonly title: string;
  readonly isNumber: boolean;
}

export interface TableBlock {
  readonly kind: "table";
  /** For formats without headings. */
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** What is shown without rows. */
  readonly empty: string;
}

export interface ChartBlock {
  readonly kind: "chart";
  readonly title: string;
  /** Undefined: a line of the values alone. */
  readonly failed: readonly Point[] | undefined;
  readonly points: readonly Point[];
  readonly format: (value: number) => string;
  readonly timeZone: string;
}

/** A chart that is drawn already, for formats that have charts. */
export interface DrawingBlock {
  readonly kind: "drawing";
  readonly title: string;
  /** An element of SVG, whose texts are escaped. */
  readonly svg: string;
}

export type Block =
  | { readonly kind: "heading"; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  | TableBlock
  | ChartBlock
  | DrawingBlock;

/** Returns the title of a report: `Weekly report, 2026-11-23 00:00 to 2026-11-30 00:00 (UTC)`. */
export function titleOf({ kind, period, timeZone }: Report): string {
  const name = kind === "weekly" ? "Weekly report" : "Daily report";
  return `${name}, ${formatTime(period.start, timeZone)} to ${formatTime(period.end, timeZone)} (${timeZone})`;
}

/** Returns the result in one line: `1 of 2 objectives is missed: shop-requests-latency`. */
export function summaryOf(report: Report): string {
  const objectives = report.services.flatMap((service) => service.objectives);
  const known = objectives.filter((objective) => isMissed(objective) !== undefined);
  const missed = known.filter((objective) => isMissed(objective) === true);
  if (known.length === 0) return "There is no data of objectives.";
  const all = `${known.length} ${known.length === 1 ? "objective" : "objectives"}`;
  if (missed.length === 0)
    return `${known.length === 1 ? "The objective is" : `All ${all} are`} met.`;
  const names = missed.map(({ id, part }) => (part === "" ? id : `${id} (${part})`));
  return `${missed.length} of ${all} ${missed.length === 1 ? "is" : "are"} missed: ${names.join(", ")}.`;
}

/** Returns the blocks of a report. */
export function blocksOf(report: Report): Block[] {
  const { services, alerts, timeZone, before } = report;
  const compared = `Compared with ${formatTime(before.start, timeZone)} to ${formatTime(before.end, timeZone)}.`;
  return [
    { kind: "heading", level: 1, text: titleOf(report) },
    { kind: "text", text: `${summaryOf(report)} ${compared}` },
    ...(services.length === 0
      ? [{ kind: "text" as const, text: "No service has any data in this period." }]
      : services.flatMap((service) => serviceBlocks(service, report))),
    { kind: "heading", level: 2, text: "Alerts that fired" },
    alertTable(alerts),
  ];
}

function serviceBlocks(service: ServiceFigures, report: Report): Block[] {
  const { timeZone } = report;
  return [
    { kind: "heading", level: 2, text: service.service },
    overviewTable(service, secondsOf(report.period)),
    {
      ...{ kind: "chart", title: "Requests and failures by hour", timeZone },
      ...{ points: service.charts.requests, failed: service.charts.failed, format: formatCount },
    },
    {
      ...{ kind: "chart", title: "p95 of the duration by hour", timeZone },
      ...{ points: service.charts.p95, failed: undefined, format: formatSeconds },
    },
    subheading("Objectives"),
    objectiveTable(service.objectives),
    subheading("Slowest routes"),
    slowestTable(service),
    subheading("Most failing routes"),
    failingTable(service),
    subheading("Exceptions"),
    exceptionTable(service),
    subheading("Deployments"),
    deploymentTable(service, timeZone),
    subheading("Telemetry"),
    telemetryTable(service),
  ];
}

function subheading(text: string): Block {
  return { kind: "heading", level: 3, text };
}

function table(
  title: string,
  titles: readonly string[],
  rows: TableBlock["rows"],
  empty: string,
): TableBlock {
  const columns = titles.map((title, at) => ({ title, isNumber: at > 0 && !TEXTS.has(title) }));
  return { kind: "table", title, columns, rows, empty };
}

/** The columns that are no numbers, beside the first one. */
const TEXTS: ReadonlySet<string> = new Set([
  ...["result", "time", "environment", "known by", "severity", "service", "at the end"],
]);

function overviewTable(service: ServiceFigures, seconds: number): TableBlock {
  const { requests, failed } = service;
  const share = (when: keyof Compared<number>): number | undefined => {
    const [all, bad] = [requests[when], failed[when]];
    return all === undefined || bad === undefined || all <= 0 ? undefined : 1 - bad / all;
  };
  const perSecond = requests.now === undefined ? "" : ` (${formatRate(requests.now / seconds)})`;
  const durations = (["p50", "p95", "p99"] as const).map((name) => {
    const { now, before } = service[name];
    return [name, formatQuantile(now), formatQuantile(before), quantileChange(service[name])];
  });
  return table(
    "Requests",
    ["", "this period", "before", "change"],
    [
      [
        "Availability",
        formatShare(share("now")),
        formatShare(share("before")),
        formatPoints(share("now"), share("before")),
      ],
      [
        "Requests",
        formatCount(requests.now) + perSecond,
        formatCount(requests.before),
        change(requests),
      ],
      ["Failed (5xx)", formatCount(failed.now), formatCount(failed.before), change(failed)],
      ...durations,
    ],
    NO_DATA,
  );
}

function formatRate(perSecond: number): string {
  return `${Number(perSecond.toPrecision(3))}/s`;
}

function change({ now, before }: Compared<number>): string {
  return formatChange(now, before);
}

/** What is above the last bucket can't be compared. */
function quantileChange({ now, before }: Compared<Quantile>): string {
  if (now?.isAbove === true || before?.isAbove === true) return "";
  return formatChange(now?.seconds, before?.seconds);
}

/** Whether the events of the period miss the objective; undefined: no data. */
function isMissed({ objective, compliance }: ObjectiveFigures): boolean | undefined {
  if (objective === undefined || compliance.now === undefined) return undefined;
  return compliance.now < objective;
}

function objectiveTable(objectives: readonly ObjectiveFigures[]): TableBlock {
  const results = { true: "missed", false: "met", undefined: NO_DATA };
  return table(
    "Objectives",
    ["objective", "target", "good", "before", "budget left", "result"],
    objectives.map((figures) => [
      { code: figures.part === "" ? figures.id : `${figures.id} ${figures.part}` },
      formatShare(figures.objective),
      formatShare(figures.compliance.now),
      formatShare(figures.compliance.before),
      formatShare(figures.budgetLeft.now),
      results[`${isMissed(figures)}`],
    ]),
    `${NO_DATA}: there are no recorded series of telltale slo`,
  );
}

function slowestTable({ slowest, requests }: ServiceFigures): TableBlock {
  return table(
    "Slowest routes",
    ["route", "p95", "before", "change", "requests"],
    slowest.map(({ route, p95, requests: count }) => [
      { code: route },
      formatQuantile(p95.now),
      formatQuantile(p95.before),
      quantileChange(p95),
      formatCount(count.now),
    ]),
    requests.now === undefined ? NO_DATA : "no route had 20 requests",
  );
}

function failingTable({ failing, requests }: ServiceFigures): TableBlock {
  return table(
    "Most failing routes",
    ["route", "failed", "part", "failed before", "part before"],
    failing.map((figures) => [
      { code: figures.route },
      formatCount(figures.failed.now),
      failedPart(figures, "now"),
      formatCount(figures.failed.before),
      failedPart(figures, "before"),
    ]),
    requests.now === undefined ? NO_DATA : "none",
  );
}

function failedPart({ failed, requests: all }: RouteFigures, when: "now" | "before"): string {
  const [bad, count] = [failed[when], all[when]];
  const isKnown = bad !== undefined && count !== undefined && count > 0;
  return isKnown ? formatShare(bad / count) : NO_DATA;
}

function exceptionTable({ exceptions }: ServiceFigures): TableBlock {
  return table(
    "Exceptions",
    ["type", "this period", "before", "change"],
    (exceptions ?? []).map((figures) => [
      { code: figures.type },
      formatCount(figures.now),
      formatCount(figures.before),
      change(figures),
    ]),
    exceptions === undefined ? NO_DATA : "none",
  );
}

function deploymentTable({ deployments, requests }: ServiceFigures, timeZone: string): TableBlock {
  return table(
    "Deployments",
    ["version", "time", "environment", "known by"],
    deployments.map(({ version, time, environment, source }) => [
      { code: version },
      formatTime(time, timeZone),
      environment ?? "",
      source,
    ]),
    requests.now === undefined ? NO_DATA : "none",
  );
}

function telemetryTable({ telemetry }: ServiceFigures): TableBlock {
  return table(
    "Telemetry",
    ["signal", "created", "dropped", "part"],
    (telemetry ?? []).map(({ signal, created, dropped }) => [
      { code: signal },
      formatCount(created),
      formatCount(dropped),
      created > 0 ? formatShare(dropped / created) : NO_DATA,
    ]),
    NO_DATA,
  );
}

function alertTable(alerts: readonly FiredAlert[]): TableBlock {
  return table(
    "Alerts",
    ["alert", "severity", "service", "times", "duration", "at the end"],
    alerts.map(({ name, severity, service, times, seconds, isFiringAtEnd }) => [
      { code: name },
      severity ?? "",
      service === undefined ? "" : { code: service },
      formatCount(times),
      formatMinutes(seconds),
      isFiringAtEnd ? "firing" : "resolved",
    ]),
    "none",
  );
}
