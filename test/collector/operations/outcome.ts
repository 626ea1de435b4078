import type { GeneratedExpression } from "../../operations/expressions/generated-expressions.ts";
import { parseExpression } from "../../operations/expressions/promql-tree.ts";
import type { PrometheusServer } from "../support/prometheus.ts";

/** What an expression returns from a server. */
export type Outcome =
  /** At least one finite number. */
  | { readonly kind: "data" }
  /** An alert that does not fire, although the values that it compares exist. */
  | { readonly kind: "does not fire" }
  /** A condition on the machine that does not hold there, although the compared values exist. */
  | { readonly kind: "does not hold" }
  /** Nothing, and no reason why. */
  | { readonly kind: "empty" };

/** A range of time, in seconds since 1970. */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
}

const STEP_SECONDS = 5;

/**
 * Metrics of the machine. Whether a condition on them holds (a disk that will be full, a busy
 * CPU) depends on the machine at that time, and not on the expression or on the load.
 */
const MACHINE_METRIC = /^(?:system|container|telltale_container|process|nodejs|v8js)_/u;

/** Asks for an expression as Grafana and rules do, at one time and over a range. */
export async function outcomeOf(
  { expr, use }: GeneratedExpression,
  prometheus: PrometheusServer,
  range: TimeRange,
): Promise<Outcome> {
  if (await hasData(expr, prometheus, range)) return { kind: "data" };
  const { comparedSides, selectors, condition } = parseExpression(expr);
  if (use !== "alert") {
    const isSilent = isOfMachine(condition) && (await hasData(condition, prometheus, range));
    return { kind: isSilent ? "does not hold" : "empty" };
  }
  // Without a comparison, as in `absent(up)` and `a unless b`, the series themselves.
  const needed = comparedSides.length > 0 ? comparedSides : selectors.map(({ text }) => text);
  for (const side of needed) {
    if (!(await hasData(side, prometheus, range))) return { kind: "empty" };
  }
  return { kind: "does not fire" };
}

/** Returns whether all that a condition compares are metrics of the machine. */
function isOfMachine(condition: string | undefined): condition is string {
  if (condition === undefined) return false;
  return parseExpression(condition).selectors.every(({ name = "" }) => MACHINE_METRIC.test(name));
}

/** Returns whether both kinds of queries are answered, and one of them with a finite number. */
async function hasData(
  expr: string,
  prometheus: PrometheusServer,
  { start, end }: TimeRange,
): Promise<boolean> {
  const query = encodeURIComponent(expr);
  const [instant, overTime] = await Promise.all([
    prometheus.request<{ result: readonly { value?: Sample }[] }>(`query?query=${query}`),
    prometheus.request<{ result: readonly { values: readonly Sample[] }[] }>(
      `query_range?query=${query}&start=${start}&end=${end}&step=${STEP_SECONDS}`,
    ),
  ]);
  const samples = [
    ...instant.result.flatMap(({ value }) => (value === undefined ? [] : [value])),
    ...overTime.result.flatMap(({ values }) => values),
  ];
  return samples.some(([, value]) => Number.isFinite(Number(value)));
}

type Sample = readonly [time: number, value: string];
