import type { WatchedUnit } from "../../context/unit-views.ts";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import type { StyleText, TextStyle } from "../../diagnostics/terminal-style.ts";
import { type Call, callOfSpan } from "../../queries/call.ts";
import {
  findRepeatedCalls,
  type RepeatedCallGroup,
  type RepeatedKind,
} from "../../queries/repeated-calls.ts";
import { counted, durationText, placeText, type ShownPlace, statementText } from "./call-text.ts";
import type { UnitRecord } from "./unit-record.ts";

/** A query that takes longer is marked. */
export const SLOW_CALL_MS = 100;

/** More lines of one kind are counted. */
const MAX_MARKS = 5;
const MAX_STATEMENT = 200;
const MAX_MESSAGE = 500;

/** An error of a unit of work, without secrets. */
export interface ReportedError {
  readonly type: string;
  readonly message: string;
  readonly place: ShownPlace | undefined;
}

/** The end of a unit of work. */
export interface UnitEnd {
  readonly at: Date;
  /** Milliseconds on the monotonic clock. */
  readonly endedAt: number;
  readonly durationMs: number;
  /** The status of the response; undefined for other work, and without a response. */
  readonly status: unknown;
  readonly errorType: unknown;
  readonly errors: readonly ReportedError[];
  /** Minimum duration of a slow request; 0: none is. */
  readonly slowMs: number;
  readonly ignoredCalls: readonly string[];
  readonly style: StyleText;
}

/** Returns the line of a unit of work, and one for each thing to look at. */
export function unitLines(record: UnitRecord, end: UnitEnd): string[] {
  const calls = record.calls.flatMap((call) => callOfSpan(call, "unit") ?? []);
  return [
    summaryLine(record, end),
    ...end.errors.map(({ type, message, place }) => {
      const text = excerpt(`${type}: ${message.replaceAll(/\s+/g, " ")}`, MAX_MESSAGE);
      return mark("red", "error", `${text}${placeText(place)}`, end);
    }),
    ...limited(findRepeatedCalls(calls, { ignore: end.ignoredCalls }), end, repeatedLine),
    ...limited(calls.filter(isSlow), end, slowLine),
    ...limited(
      calls.filter(({ failed }) => failed),
      end,
      failedLine,
    ),
  ];
}

/** Returns `GET /orders/7`, or `job nightly-report`, without secrets. */
export function nameOfUnit(unit: WatchedUnit): string {
  const path = unit.redactedPath();
  const name =
    unit.method === undefined || path === undefined
      ? `job ${unit.jobInfo()?.name ?? unit.currentRoute() ?? ""}`
      : `${unit.method} ${path}`;
  return excerpt(name, MAX_STATEMENT);
}

function summaryLine(record: UnitRecord, end: UnitEnd): string {
  const { unit } = record;
  const { style, durationMs, slowMs } = end;
  const name = nameOfUnit(unit);
  const route = unit.method === undefined ? undefined : unit.currentRoute();
  const isSlow = slowMs > 0 && durationMs >= slowMs;
  const duration = durationText(durationMs);
  const parts = [
    style("dim", timeOf(end.at)),
    style("bold", name),
    ...(route === undefined || name.endsWith(` ${route}`)
      ? []
      : [style("dim", `(${excerpt(route)})`)]),
    statusText(unit, end),
    isSlow ? style("yellow", `${duration} (slow)`) : duration,
  ];
  return [parts.join(" "), ...callTexts(record, end), ...lineTexts(record)].join(", ");
}

function statusText(unit: WatchedUnit, { status, errorType, style }: UnitEnd): string {
  if (typeof status === "number") return style(styleOfStatus(status), String(status));
  if (typeof errorType === "string") return style("red", `failed (${excerpt(errorType, 100)})`);
  return unit.method === undefined ? style("green", "done") : style("yellow", "no response");
}

function styleOfStatus(status: number): TextStyle {
  if (status >= 500) return "red";
  return status >= 400 ? "yellow" : "green";
}

function callTexts({ unit: { callTimes } }: UnitRecord, { endedAt }: UnitEnd): string[] {
  if (callTimes === undefined) return [];
  const { cacheHits, cacheMisses } = callTimes;
  const queries = callTimes.until("database", endedAt);
  const calls = callTimes.until("outgoing", endedAt);
  const lookups = callTimes.until("cache", endedAt);
  return [
    ...timeTexts(queries, "query", "queries"),
    ...timeTexts(lookups, "cache command"),
    ...(cacheHits + cacheMisses === 0
      ? []
      : [`cache ${counted(cacheHits, "hit")} ${counted(cacheMisses, "miss", "misses")}`]),
    ...timeTexts(calls, "call"),
  ];
}

function timeTexts(
  time: { readonly count: number; readonly ms: number } | undefined,
  one: string,
  several?: string,
): string[] {
  return time === undefined
    ? []
    : [`${counted(time.count, one, several)} ${durationText(time.ms)}`];
}

function lineTexts({ lines, warnings, errors }: UnitRecord): string[] {
  if (lines === 0) return [];
  const worse = [
    ...(warnings > 0 ? [`${warnings} warn`] : []),
    ...(errors > 0 ? [`${errors} error`] : []),
  ];
  return [`${counted(lines, "line")}${worse.length === 0 ? "" : ` (${worse.join(", ")})`}`];
}

const kindNames: Readonly<Record<RepeatedKind, string>> = {
  "n+1": "N+1",
  duplicate: "duplicate",
  similar: "repeated",
  batchable: "repeated writes",
  possible: "possible N+1",
};

function repeatedLine(group: RepeatedCallGroup, end: UnitEnd): string {
  const { kind, count, totalMs, distinct, fingerprint, place, severity } = group;
  const values = distinct === undefined ? "" : ` with ${counted(distinct, "set")} of parameters`;
  const text = `${count} times, ${durationText(totalMs)}${values}: ${statementText(fingerprint, MAX_STATEMENT)}`;
  const colour = severity === "error" ? "red" : "yellow";
  return mark(colour, kindNames[kind], `${text}${placeText(place)}`, end);
}

function isSlow({ durationMs }: Call): boolean {
  return durationMs >= SLOW_CALL_MS;
}

function slowLine({ durationMs, text, place }: Call, end: UnitEnd): string {
  const statement = statementText(text, MAX_STATEMENT);
  return mark(
    "yellow",
    "slow",
    `${durationText(durationMs)}: ${statement}${placeText(place)}`,
    end,
  );
}

function failedLine({ text, place }: Call, end: UnitEnd): string {
  return mark("red", "failed", `${statementText(text, MAX_STATEMENT)}${placeText(place)}`, end);
}

function mark(colour: TextStyle, name: string, text: string, { style }: UnitEnd): string {
  return `  ${style(colour, `${name}:`)} ${text}`;
}

function limited<Item>(
  items: readonly Item[],
  end: UnitEnd,
  lineOf: (item: Item, end: UnitEnd) => string,
): string[] {
  const lines = items.slice(0, MAX_MARKS).map((item) => lineOf(item, end));
  return items.length <= MAX_MARKS ? lines : [...lines, `  and ${items.length - MAX_MARKS} more`];
}

/** Returns the time of day. */
function timeOf(at: Date): string {
  const parts = [at.getHours(), at.getMinutes(), at.getSeconds()];
  return parts.map((value) => String(value).padStart(2, "0")).join(":");
}
