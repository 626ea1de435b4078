import type { LogDetail, ProfileDetail, SpanDetail, UnitDetail } from "../../../viewer/model.ts";
import type { Answer } from "../answer.ts";
import { type ListView, listView, mappedList } from "../bounded-view.ts";
import { errorLines, type ErrorView, errorView } from "../error-view.ts";
import { plural, roundMs, timeTexts } from "../figures.ts";
import { heldConnections, type HeldConnections, heldLine } from "../held-connections.ts";
import { repeatedLines, type RepeatedView, repeatedView } from "../repeated-view.ts";
import { groupSpans, type SpanGroup } from "../span-groups.ts";
import { cutText, quoteName, quotePlace, quoteText, TEXT_LIMITS } from "../telemetry-text.ts";
import { omittedLines, section } from "../text-layout.ts";
import { idOf, placeText, runText, type UnitRow, unitRow } from "../unit-view.ts";

interface LogView {
  readonly atMs?: number;
  readonly level: string;
  readonly message: string;
  readonly logger?: string;
}

interface StallView {
  readonly atMs: number;
  readonly ms: number;
  readonly place?: string;
}

interface HotFunction {
  readonly name: string;
  readonly place?: string;
  readonly package?: string;
  /** Milliseconds of CPU, or bytes of an allocation profile. */
  readonly self: number;
  readonly total: number;
}

interface ProfileView {
  readonly id: string;
  readonly kind: "cpu" | "allocation";
  readonly ms: number;
  /** Other requests at the same time, whose functions are in the profile too. */
  readonly overlapping: number;
  readonly hot: ListView<HotFunction>;
}

export interface RequestView extends Readonly<Record<string, unknown>> {
  readonly source: string;
  readonly request: UnitRow;
  readonly traceId: string;
  readonly run?: string;
  readonly timing: Readonly<Record<string, number>>;
  readonly errors: ListView<ErrorView>;
  readonly repeated: ListView<RepeatedView>;
  readonly stalls: ListView<StallView>;
  readonly held: ListView<HeldConnections>;
  readonly spans: ListView<SpanGroup>;
  readonly spanCount: number;
  readonly logs: ListView<LogView>;
  readonly profiles: ListView<ProfileView>;
}

export interface RequestOptions {
  /** Shows all groups of spans in the order of the trace, from this one on (1 is the first). */
  readonly spansFrom?: number | undefined;
  readonly profiles?: readonly ProfileDetail[];
}

const PAGE_SIZE = 20;
const MAX_ERRORS = 3;
const MAX_REPEATED = 5;
const MAX_STALLS = 5;
const MAX_LOGS = 10;
const MAX_HOT = 8;

/** Shows one request. */
export function requestAnswer(
  source: string,
  unit: UnitDetail,
  options: RequestOptions = {},
): Answer<RequestView> {
  const command = `telltale request ${idOf(unit.summary.id)}`;
  const { spansFrom, profiles = [] } = options;
  return {
    view: {
      source,
      request: unitRow(unit.summary),
      traceId: idOf(unit.summary.traceId),
      ...(unit.run && { run: runText(unit.run) }),
      timing: Object.fromEntries(unit.timing.map(({ what, ms }) => [what, roundMs(ms)])),
      errors: mappedList(unit.errors, MAX_ERRORS, errorView),
      repeated: mappedList(unit.repeated, MAX_REPEATED, repeatedView),
      held: listView(heldConnections([unit]), 5),
      stalls: mappedList(unit.stalls, MAX_STALLS, stallView),
      spans: spanList(groupSpans(unit.spans), command, spansFrom),
      spanCount: unit.spans.length + unit.omittedSpans,
      logs: logList(unit.logs),
      profiles: listView(profiles.map(profileView), 2),
    },
    lines,
    found: false,
  };
}

/** Returns the groups that take most time or fail, in the order of the trace, or a page of all. */
function spanList(
  groups: readonly SpanGroup[],
  command: string,
  from: number | undefined,
): ListView<SpanGroup> {
  if (from !== undefined) {
    const rest = groups.slice(from - 1);
    return listView(rest, PAGE_SIZE, `${command} --spans-from ${from + PAGE_SIZE}`);
  }
  const costly = new Set(groups.toSorted((a, b) => rankOf(b) - rankOf(a)).slice(0, PAGE_SIZE));
  const shown = groups.filter((group) => costly.has(group));
  return listView(shown, PAGE_SIZE, `${command} --spans-from 1`, groups.length);
}

/** Failed spans come first: what fails fast takes no time. */
function rankOf({ depth, failed, totalMs }: SpanGroup): number {
  return (depth === 0 ? 1e12 : 0) + (failed > 0 ? 1e9 : 0) + totalMs;
}

/** Returns the lines that warn, or else the last ones. */
function logList(logs: readonly LogDetail[]): ListView<LogView> {
  const WARN = 13;
  const serious = logs.filter(({ severity }) => severity >= WARN);
  const rest = logs.filter(({ severity }) => severity < WARN).slice(-MAX_LOGS);
  const shown = new Set([...serious.slice(-MAX_LOGS), ...rest].slice(0, MAX_LOGS));
  const views = logs.filter((log) => shown.has(log)).map(logView);
  return listView(views, MAX_LOGS, undefined, logs.length);
}

function logView({ offsetMs, level, message, logger }: LogDetail): LogView {
  return {
    ...(offsetMs !== undefined && { atMs: roundMs(offsetMs) }),
    level: cutText(level, 20),
    message: cutText(message, TEXT_LIMITS.message),
    ...(logger !== undefined && { logger: cutText(logger, 40) }),
  };
}

function stallView({ offsetMs, durationMs, place }: UnitDetail["stalls"][number]): StallView {
  const at = placeText(place);
  return {
    ...{ atMs: roundMs(offsetMs), ms: roundMs(durationMs) },
    ...(at !== undefined && { place: at }),
  };
}

function profileView({ summary, hot }: ProfileDetail): ProfileView {
  return {
    ...{ id: idOf(summary.id), kind: summary.kind, ms: roundMs(summary.durationMs) },
    overlapping: summary.overlapping,
    hot: mappedList(hot, MAX_HOT, hotFunction),
  };
}

function hotFunction(hot: ProfileDetail["hot"][number]): HotFunction {
  const { name, place, package: origin, self, total } = hot;
  const at = placeText(place);
  return {
    name: cutText(name, 60),
    ...(at !== undefined && { place: at }),
    ...(origin !== undefined && { package: cutText(origin, 40) }),
    ...{ self: roundMs(self), total: roundMs(total) },
  };
}

function lines(view: RequestView): string[] {
  const { request, traceId, run, source, errors, repeated, stalls, spans, logs } = view;
  return [
    `${request.id} ${quoteName(request.name)}: ${outcomeOf(request)}, ${request.ms} ms (${source})`,
    ...(request.path === undefined ? [] : [`path ${quoteText(request.path)}`]),
    `started ${request.start ?? "?"}, trace ${traceId}`,
    ...(run === undefined ? [] : [`run ${quoteText(run)}`]),
    countsLine(view),
    ...section("Errors:", [...errors.items.flatMap(errorLines), ...omittedLines(errors, "errors")]),
    ...section("Repeated calls:", [
      ...repeated.items.flatMap(repeatedLines),
      ...omittedLines(repeated, "groups of repeated calls"),
    ]),
    ...section("Connections for which it waited:", view.held.items.map(heldLine)),
    ...section("Stalls of the event loop:", [
      ...stalls.items.map(stallLine),
      ...omittedLines(stalls, "stalls"),
    ]),
    ...section(
      `Spans (${view.spanCount}, equal ones in one line; ms: total, count x average, at its start):`,
      [...spans.items.map(spanLine), ...omittedLines(spans, "lines of spans")],
    ),
    ...section("Log:", [...logs.items.map(logLine), ...omittedLines(logs, "log lines")]),
    ...view.profiles.items.flatMap(profileLines),
  ];
}

function outcomeOf({ status, failed, kind }: UnitRow): string {
  const outcome = failed ? "failed" : "succeeded";
  return status === undefined ? `${kind} ${outcome}` : `${outcome} with status ${status}`;
}

function countsLine({ request, timing }: RequestView): string {
  const { queries, queryMs, cacheHits, cacheMisses, calls } = request;
  const time = timeTexts(timing);
  return [
    `${plural(queries, "query", "queries")} in ${queryMs} ms`,
    ...(cacheHits + cacheMisses === 0 ? [] : [`cache ${cacheHits} hits, ${cacheMisses} misses`]),
    ...(calls === 0 ? [] : [plural(calls, "outgoing call")]),
    ...(time.length === 0 ? [] : [`time: ${time.join(", ")}`]),
  ].join("; ");
}

function stallLine({ atMs, ms, place }: StallView): string {
  const at = place === undefined ? "" : ` in ${quotePlace(place)}`;
  return `${ms} ms at ${atMs} ms${at}`;
}

function spanLine(group: SpanGroup): string {
  const { depth, what, count, totalMs, avgMs, atMs, failed, place, rows } = group;
  const times = count === 1 ? "" : ` (${count} x ${avgMs})`;
  return [
    `${"  ".repeat(Math.min(depth, 12))}${totalMs} ms${times} @${atMs}`,
    quoteName(what),
    ...(place === undefined ? [] : [`at ${quotePlace(place)}`]),
    ...(rows === undefined ? [] : [plural(rows, "row")]),
    ...(failed === 0 ? [] : [count === 1 ? "FAILED" : `${failed} FAILED`]),
    `[${group.id}]`,
  ].join(" ");
}

function logLine({ atMs, level, message }: LogView): string {
  return `${atMs ?? "?"} ms ${quoteName(level)} ${quoteText(message)}`;
}

function profileLines({ id, kind, ms, overlapping, hot }: ProfileView): string[] {
  const others =
    overlapping === 0 ? "" : `, with ${plural(overlapping, "other request")} at the same time`;
  return section(`Profile ${id} (${kind}, ${ms} ms${others}), self and total:`, [
    ...hot.items.map(
      (one) =>
        `${one.self} ${one.total} ${quoteName(one.name)} ` +
        (one.place === undefined ? quoteName(one.package ?? "-") : quotePlace(one.place)),
    ),
    ...omittedLines(hot, "functions"),
  ]);
}

export interface SpanView extends Readonly<Record<string, unknown>> {
  readonly source: string;
  readonly id: string;
  readonly request: string;
  readonly what: string;
  readonly text?: string;
  readonly parameters?: ListView<string>;
  readonly ms: number;
  readonly selfMs: number;
  readonly atMs: number;
  readonly failed: boolean;
  readonly place?: string;
  readonly attributes: ListView<string>;
  readonly events: ListView<string>;
}

/** The full text of a query is worth more than that of a list. */
const MAX_TEXT = 3000;

/** Shows one span of a request. */
export function spanAnswer(source: string, unit: UnitDetail, span: SpanDetail): Answer<SpanView> {
  const place = placeText(span.place);
  const { query } = span;
  const parameters = query?.parameters?.map(
    ({ key, value }) => `${cutText(key, 40)}=${cutText(value, TEXT_LIMITS.value)}`,
  );
  return {
    view: {
      source,
      id: idOf(span.spanId),
      request: idOf(unit.summary.id),
      what: cutText(span.name, TEXT_LIMITS.path),
      ...(query && { text: cutText(query.text, MAX_TEXT) }),
      ...(parameters && { parameters: listView(parameters, 20) }),
      ...{
        ms: roundMs(span.durationMs),
        selfMs: roundMs(span.selfMs),
        atMs: roundMs(span.offsetMs),
      },
      failed: span.failed,
      ...(place !== undefined && { place }),
      attributes: listView(attributeTexts(span.attributes), 40),
      events: listView(
        span.events.map(
          ({ name, offsetMs, attributes }) =>
            `${roundMs(offsetMs)} ms ${cutText(name, TEXT_LIMITS.name)} ${attributeTexts(attributes).slice(0, 8).join(" ")}`,
        ),
        10,
      ),
    },
    lines: spanLines,
    found: false,
  };
}

function attributeTexts(attributes: SpanDetail["attributes"]): string[] {
  return Object.entries(attributes).map(
    ([key, value]) =>
      `${cutText(key, 80)}=${cutText(typeof value === "string" ? value : (JSON.stringify(value) ?? ""), TEXT_LIMITS.value)}`,
  );
}

function spanLines(view: SpanView): string[] {
  const { id, what, ms, selfMs, atMs, failed, request, place, parameters } = view;
  return [
    `span ${id} of request ${request}: ${quoteName(what)}, ${ms} ms (${selfMs} ms its own) ` +
      `at ${atMs} ms${failed ? ", FAILED" : ""} (${view.source})`,
    ...(place === undefined ? [] : [`at ${quotePlace(place)}`]),
    ...(view.text === undefined ? [] : [quoteText(view.text)]),
    ...section("Parameters:", parameters?.items.map(quoteText) ?? []),
    ...section("Attributes:", [
      ...view.attributes.items.map(quoteText),
      ...omittedLines(view.attributes, "attributes"),
    ]),
    ...section("Events:", [
      ...view.events.items.map(quoteText),
      ...omittedLines(view.events, "events"),
    ]),
  ];
}
