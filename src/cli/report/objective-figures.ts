import { EVENTS, FAILED_EVENTS } from "../../ops/slo/recorded-series.ts";
import { afterStart, stepOf } from "./figures.ts";
import type { Period, ReportPeriods } from "./period.ts";
import type { Labels, PrometheusApi, Series } from "../prometheus/prometheus-api.ts";
import type { Compared, ObjectiveFigures } from "./report.ts";

/** The rules are evaluated each minute, and each of their numbers is that of 5 minutes. */
const RATIO = "slo:sli_error:ratio_rate5m";
const REMAINING = "slo:period_error_budget_remaining:ratio";
const DAY_SECONDS = 86_400;

/**
 * Queries the objectives of one service from the series that the rules of `telltale slo`
 * record: those with its job, and those of rules without a job whose service it is.
 *
 * @throws PrometheusError
 */
export async function objectivesOf(
  api: PrometheusApi,
  service: string,
  { period, before }: ReportPeriods,
): Promise<ObjectiveFigures[]> {
  const [objectives, budgets, budgetsBefore, good, goodBefore] = await Promise.all([
    lastValues(api, "slo:objective:ratio", period),
    lastValues(api, REMAINING, period),
    lastValues(api, REMAINING, before),
    compliance(api, period),
    compliance(api, before),
  ]);
  const objectiveOf = (id: string): number | undefined =>
    objectives.find(({ labels }) => labels["sloth_id"] === id)?.value;
  const parts = new Map<string, Labels>();
  for (const { labels } of [...good, ...budgets])
    if (isOf(labels, service)) parts.set(partKey(labels), labels);
  return [...parts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, labels]) => ({
      id: labels["sloth_id"] ?? "",
      part: partOf(labels),
      objective: objectiveOf(labels["sloth_id"] ?? ""),
      compliance: comparedOf(key, good, goodBefore),
      budgetLeft: comparedOf(key, budgets, budgetsBefore),
    }));
}

interface Figure {
  readonly labels: Labels;
  readonly value: number;
}

function comparedOf(
  key: string,
  now: readonly Figure[],
  before: readonly Figure[],
): Compared<number> {
  const find = (figures: readonly Figure[]): number | undefined =>
    figures.find(({ labels }) => partKey(labels) === key)?.value;
  return { now: find(now), before: find(before) };
}

/** Returns the values at the end of a period, or up to an hour before it. */
async function lastValues(api: PrometheusApi, name: string, { end }: Period): Promise<Figure[]> {
  const series = await api.range(`last_over_time(${name}[1h])`, { start: end, end }, 60);
  return series.flatMap(({ labels, points }) => {
    const last = points.at(-1);
    return last === undefined ? [] : [{ labels, value: last.value }];
  });
}

/**
 * Returns the part of the events that was good. Where only a ratio is known, each 5 minutes
 * have the same weight.
 */
async function compliance(api: PrometheusApi, period: Period): Promise<Figure[]> {
  const step = stepOf(period, DAY_SECONDS);
  const over = (aggregation: string, name: string): Promise<Series[]> =>
    api.range(`${aggregation}_over_time(${name}[${step}s])`, afterStart(period, step), step);
  const [events, failed, ratioSums, ratioCounts] = await Promise.all([
    over("sum", EVENTS),
    over("sum", FAILED_EVENTS),
    over("sum", RATIO),
    over("count", RATIO),
  ]);
  const byEvents = badPart(failed, events);
  const known = new Set(byEvents.map(({ labels }) => partKey(labels)));
  const byRatio = badPart(ratioSums, ratioCounts).filter(
    ({ labels }) => !known.has(partKey(labels)),
  );
  return [...byEvents, ...byRatio].map(({ labels, value }) => ({ labels, value: 1 - value }));
}

/** Divides the sums of series by those with the same labels. */
function badPart(bad: readonly Series[], all: readonly Series[]): Figure[] {
  return all.flatMap(({ labels, points }) => {
    const total = sum(points);
    const key = partKey(labels);
    const failed = bad.find((one) => partKey(one.labels) === key);
    return total > 0 ? [{ labels, value: sum(failed?.points ?? []) / total }] : [];
  });
}

function sum(points: Series["points"]): number {
  return points.reduce((total, { value }) => total + value, 0);
}

function isOf(labels: Labels, service: string): boolean {
  const { job, sloth_service: named } = labels;
  if (job !== undefined) return job === service;
  return named !== undefined && (named === service || service.endsWith(`/${named}`));
}

/** Labels of the rules. All others identify a part of the objective. */
const RULE_LABELS = /^(?:__name__|sloth_.*)$/;

function partKey(labels: Labels): string {
  return `${labels["sloth_id"]} ${partOf(labels)} ${labels["job"] ?? ""}`;
}

/** Returns the labels of a part: `/orders/:id`, or `tenant=acme`. */
function partOf(labels: Labels): string {
  return Object.entries(labels)
    .filter(([name]) => !RULE_LABELS.test(name) && name !== "job")
    .map(([name, value]) => (name === "http_route" ? value : `${name}=${value}`))
    .join(" ");
}
