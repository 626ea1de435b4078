import type { LogQuery, UnitFilter, UnitQuery } from "../viewer-store.ts";
import { RequestError } from "./request-error.ts";

const MAX_LIMIT = 1000;
const DEFAULT_LIMIT = 100;

const FILTER_NAMES = [
  ...["text", "name", "status", "min_ms", "max_ms", "attribute", "service", "run", "kind"],
  ...["errors", "n1", "noise"],
] as const;

/**
 * Reads the conditions of a list of units of work.
 *
 * @param others names that the route takes beside them.
 * @throws RequestError if a parameter is unknown or has an unusable value.
 */
export function readFilter(query: URLSearchParams, others: readonly string[] = []): UnitFilter {
  checkNames(query, [...FILTER_NAMES, ...others]);
  return {
    text: textOf(query, "text"),
    name: textOf(query, "name"),
    status: patternOf(query, "status", /^[1-5](\d\d|xx)$/, "404 or 5xx"),
    minMs: numberOf(query, "min_ms"),
    maxMs: numberOf(query, "max_ms"),
    attributes: query.getAll("attribute").map(parseAttribute),
    service: textOf(query, "service"),
    run: textOf(query, "run"),
    kind: oneOf(query, "kind", ["request", "message", "job"]),
    failed: flagOf(query, "errors"),
    nPlusOne: flagOf(query, "n1"),
    noise: flagOf(query, "noise"),
  };
}

export function readUnitQuery(query: URLSearchParams): UnitQuery {
  return {
    ...readFilter(query, ["sort", "order", "limit", "cursor"]),
    sort: oneOf(query, "sort", ["start", "duration", "queries", "queryMs"]),
    order: oneOf(query, "order", ["asc", "desc"]),
    limit: limitOf(query),
    cursor: textOf(query, "cursor"),
  };
}

export function readLogQuery(query: URLSearchParams): LogQuery {
  checkNames(query, ["text", "level", "service", "trace", "limit", "cursor"]);
  return {
    text: textOf(query, "text"),
    level: oneOf(query, "level", ["trace", "debug", "info", "warn", "error", "fatal"]),
    service: textOf(query, "service"),
    traceId: textOf(query, "trace"),
    limit: limitOf(query),
    cursor: textOf(query, "cursor"),
  };
}

/** @throws RequestError if a parameter is not among the names. */
export function checkNames(query: URLSearchParams, names: readonly string[]): void {
  for (const name of query.keys()) {
    if (!names.includes(name)) throw invalid(name, "is unknown", names.join(", "));
  }
}

/** Returns a parameter; undefined if it is missing or empty. */
export function textOf(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) || undefined;
}

/** @throws RequestError if the value is another one. */
export function oneOf<Value extends string>(
  query: URLSearchParams,
  name: string,
  values: readonly Value[],
): Value | undefined {
  const text = textOf(query, name);
  if (text === undefined) return undefined;
  const value = values.find((one) => one === text);
  if (value === undefined) throw invalid(name, quote(text), values.join(", "));
  return value;
}

/** @throws RequestError if the parameter is missing. */
export function required<Value>(name: string, value: Value | undefined): Value {
  if (value === undefined) throw invalid(name, "is missing", "a value");
  return value;
}

function patternOf(
  query: URLSearchParams,
  name: string,
  pattern: RegExp,
  expected: string,
): string | undefined {
  const text = textOf(query, name);
  if (text === undefined || pattern.test(text)) return text;
  throw invalid(name, quote(text), expected);
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = textOf(query, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw invalid(name, quote(text), "a number, 0 or more");
}

function limitOf(query: URLSearchParams): number {
  const limit = numberOf(query, "limit") ?? DEFAULT_LIMIT;
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw invalid("limit", String(limit), `a whole number from 1 to ${MAX_LIMIT}`);
}

function flagOf(query: URLSearchParams, name: string): boolean | undefined {
  const text = textOf(query, name);
  if (text === undefined) return undefined;
  if (text === "1" || text === "0") return text === "1";
  throw invalid(name, quote(text), "1 or 0");
}

function parseAttribute(text: string): { readonly key: string; readonly value: string } {
  const colon = text.indexOf(":");
  if (colon > 0) return { key: text.slice(0, colon), value: text.slice(colon + 1) };
  throw invalid("attribute", quote(text), "key:value");
}

function invalid(name: string, received: string, expected: string): RequestError {
  return new RequestError(400, `The parameter ${quote(name)}: ${received}; expected: ${expected}.`);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
