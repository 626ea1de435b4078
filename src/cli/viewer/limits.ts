import type { Comparison, RouteComparison } from "../../viewer/model.ts";
import { suggest } from "../../config/suggest.ts";
import { percentOf, roundCount, roundMs, signedPercent } from "./figures.ts";

/** A condition of `--fail-on`. */
export interface Limit {
  /** As the user has written it. */
  readonly text: string;
  readonly figure: Figure;
  /** Whether the amount is an increase over the side before. */
  readonly isIncrease: boolean;
  /** Milliseconds, a number, or a share (0.2 is 20%). */
  readonly amount: number;
  readonly isShare: boolean;
}

/** A route that is beyond a limit. */
export interface Breach {
  readonly limit: string;
  readonly name: string;
  readonly before: number;
  readonly after: number;
  readonly change: string;
}

const figures = ["p50", "p95", "queries", "query-ms", "errors", "new-queries"] as const;

type Figure = (typeof figures)[number];

const durations: readonly Figure[] = ["p50", "p95", "query-ms"];

/** The expected form, for messages. */
export const LIMIT_FORM: string =
  `FIGURE>[+]NUMBER[%|ms|s] with one of ${figures.join(", ")}, such as ` +
  `p95>+20% (a fifth more), p95>250ms, queries>+1, errors>1% or new-queries>0`;

const CONDITION = /^([\w-]+)>(\+?)(\d{1,9}(?:\.\d{1,6})?)(%|ms|s)?$/;

/**
 * Parses the conditions of `--fail-on`, which are separated by commas.
 *
 * @returns the limits, or one line for each condition that is none.
 */
export function parseLimits(text: string): {
  readonly limits: readonly Limit[];
  readonly problems: readonly string[];
} {
  const conditions = text.split(",").map((one) => one.trim());
  const parsed = conditions.map(parseLimit);
  return {
    limits: parsed.filter((one) => typeof one === "object"),
    problems: parsed.filter((one) => typeof one === "string"),
  };
}

function parseLimit(text: string): Limit | string {
  const [, name = "", sign, number, unit] =
    CONDITION.exec(text.slice(0, 100).replaceAll(" ", "")) ?? [];
  const received = `--fail-on: received "${text.slice(0, 100)}"`;
  if (name === "") return `${received}, expected ${LIMIT_FORM}`;
  const figure = figures.find((one) => one === name);
  if (figure === undefined) return `${received}, ${unknownFigure(name)}`;
  const isIncrease = sign === "+";
  const problem = unitProblem(figure, isIncrease, unit);
  if (problem !== undefined) return `${received}, ${problem}`;
  const isShare = unit === "%";
  const factor = isShare ? 0.01 : unit === "s" ? 1000 : 1;
  return { text, figure, isIncrease, amount: Number(number) * factor, isShare };
}

function unknownFigure(name: string): string {
  const suggestion = suggest(name, figures);
  const note = suggestion === undefined ? "" : `, did you mean ${suggestion}?`;
  return `expected one of ${figures.join(", ")}${note}`;
}

function unitProblem(
  figure: Figure,
  isIncrease: boolean,
  unit: string | undefined,
): string | undefined {
  if (figure === "errors")
    return unit === "%" ? undefined : "expected a share of the requests, such as errors>1%";
  if (figure === "new-queries")
    return isIncrease || unit !== undefined
      ? "expected a number, such as new-queries>0"
      : undefined;
  if (unit === "%")
    return isIncrease ? undefined : `expected an increase in percent, such as ${figure}>+20%`;
  if (durations.includes(figure) || unit === undefined) return undefined;
  return `expected a number of queries, such as ${figure}>+1`;
}

/**
 * Returns the routes that are beyond a limit. An increase needs requests on both sides.
 * One of a duration counts only if the route has changed by more than noise.
 */
export function findBreaches({ routes }: Comparison, limits: readonly Limit[]): Breach[] {
  return limits.flatMap((limit) => routes.flatMap((route) => breachOf(route, limit) ?? []));
}

function breachOf(route: RouteComparison, limit: Limit): Breach | undefined {
  if (route.countAfter === 0) return undefined;
  const { figure, isIncrease, amount, isShare } = limit;
  const { before, after } = valuesOf(route, figure);
  if (isIncrease && (route.countBefore === 0 || isNoise(route, figure))) return undefined;
  const isRelative = isShare && figure !== "errors";
  // A relative increase from nothing is beyond any.
  const least = isRelative ? before * (1 + amount) : (isIncrease ? before : 0) + amount;
  if (!(after > least + EPSILON)) return undefined;
  return describe(limit, route.name, before, after);
}

/** 0.1 + 0.2 is not beyond 0.3. */
const EPSILON = 1e-9;

function isNoise({ change }: RouteComparison, figure: Figure): boolean {
  if (figure === "query-ms") return change === "same";
  return durations.includes(figure) && change !== "slower";
}

function valuesOf(
  route: RouteComparison,
  figure: Figure,
): { readonly before: number; readonly after: number } {
  switch (figure) {
    case "p50":
      return route.p50;
    case "p95":
      return route.p95;
    case "queries":
      return route.queries;
    case "query-ms":
      return route.queryMs;
    case "errors":
      return route.errors;
    case "new-queries":
      return {
        before: 0,
        after: route.queryChanges.filter(({ change }) => change === "new").length,
      };
  }
}

function describe({ text, figure }: Limit, name: string, before: number, after: number): Breach {
  const round = durations.includes(figure) ? roundMs : figure === "errors" ? percentOf : roundCount;
  const ratio = (after - before) / before;
  const change = Number.isFinite(ratio) ? signedPercent(ratio) : "from 0";
  return { limit: text, name, before: round(before), after: round(after), change };
}
