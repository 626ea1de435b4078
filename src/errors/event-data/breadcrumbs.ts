import type { HrTime } from "@opentelemetry/api";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import {
  type Breadcrumb,
  type Event,
  getBreadcrumbLogLevelFromHttpStatusCode,
  type Scope,
} from "@sentry/core";
import { wallClock } from "../../clock.ts";
import type { BreadcrumbKind } from "../../config/config.ts";
import { MAX_BREADCRUMBS, type TrailItem, type TrailSlot } from "../../context/breadcrumb-trail.ts";
import { levelOf, lineFields, lineText, loggerNameOf } from "../logged/log-line.ts";

/** Sentry's own limit for the message of a breadcrumb. */
const MAX_MESSAGE_LENGTH = 2048;

/** Time between Sentry's reading of the clock and ours, in milliseconds, on a busy machine. */
const MAX_ADDING_MS = 50;

/** `SpanStatusCode.ERROR` of the API. */
const STATUS_ERROR = 2;

/** The breadcrumbs that were made here, not by the app. */
const ownBreadcrumbs = new WeakSet<Breadcrumb>();

/** Makes the breadcrumbs of what has led to an event, in the order of time. */
export function breadcrumbsOf(
  { trail }: TrailSlot,
  kinds: readonly BreadcrumbKind[],
): Breadcrumb[] {
  const breadcrumbs: Breadcrumb[] = [];
  for (const item of trail?.items() ?? []) {
    const breadcrumb = breadcrumbOf(item, kinds);
    if (breadcrumb === undefined) continue;
    ownBreadcrumbs.add(breadcrumb);
    breadcrumbs.push(breadcrumb);
  }
  // Calls and queries are in the order of their start.
  return breadcrumbs.toSorted((a, b) => timeOf(a) - timeOf(b));
}

/**
 * Sorts the breadcrumbs of the app in among those made here, without changing the app's
 * order, and drops the oldest above the limit. An event processor of Sentry.
 */
export function mergeBreadcrumbs(event: Event): Event {
  const { breadcrumbs = [] } = event;
  const own = breadcrumbs.filter((one) => ownBreadcrumbs.has(one));
  if (own.length === 0) return event;
  const merged: Breadcrumb[] = [];
  let at = 0;
  for (const breadcrumb of breadcrumbs) {
    if (ownBreadcrumbs.has(breadcrumb)) continue;
    for (; at < own.length && timeOf(own[at]!) <= timeOf(breadcrumb); at++) merged.push(own[at]!);
    merged.push(breadcrumb);
  }
  merged.push(...own.slice(at));
  event.breadcrumbs = merged.slice(-MAX_BREADCRUMBS);
  return event;
}

/**
 * Sets the times of the breadcrumbs that the app adds to a scope by the clock of spans
 * and lines: Sentry's has whole milliseconds, in which their order would be lost. Another
 * time, which the app has set itself, is kept.
 */
export function adjustBreadcrumbTimes(scope: Scope): void {
  let last = scope.getLastBreadcrumb();
  scope.addScopeListener(() => {
    const added = scope.getLastBreadcrumb();
    if (added === undefined || added === last) return;
    last = added;
    const age = Date.now() - timeOf(added) * 1000;
    if (age > -1 && age < MAX_ADDING_MS) added.timestamp = wallClock() / 1000;
  });
}

function breadcrumbOf(item: TrailItem, kinds: readonly BreadcrumbKind[]): Breadcrumb | undefined {
  if ("toRecord" in item)
    return kinds.includes("log") ? lineBreadcrumb(item.toRecord()) : undefined;
  // What has not ended has led to nothing yet.
  if (!item.ended) return undefined;
  const { attributes } = item;
  const isQuery = "db.system.name" in attributes || "db.system" in attributes;
  if (isQuery) return kinds.includes("query") ? queryBreadcrumb(item) : undefined;
  return kinds.includes("http") ? callBreadcrumb(item) : undefined;
}

/** Makes the breadcrumb that Sentry's console integration would. */
function lineBreadcrumb(record: ReadableLogRecord): Breadcrumb {
  return {
    category: "console",
    level: levelOf(record),
    message: lineText(record).slice(0, MAX_MESSAGE_LENGTH),
    timestamp: secondsOf(record.hrTimeObserved),
    data: { ...lineFields(record), logger: loggerNameOf(record) },
  };
}

/** Makes a breadcrumb of type `http`. https://develop.sentry.dev/sdk/data-model/event-payloads/breadcrumbs/ */
function callBreadcrumb({ attributes, endTime, status }: ReadableSpan): Breadcrumb | undefined {
  const url = attributes["url.full"] ?? attributes["http.url"];
  if (typeof url !== "string") return undefined;
  const statusCode = attributes["http.response.status_code"] ?? attributes["http.status_code"];
  const hasStatus = typeof statusCode === "number";
  const isFailed = status.code === STATUS_ERROR;
  const level = hasStatus
    ? getBreadcrumbLogLevelFromHttpStatusCode(statusCode)
    : isFailed
      ? "error"
      : undefined;
  return {
    type: "http",
    category: "http",
    timestamp: secondsOf(endTime),
    ...(level !== undefined && { level }),
    data: {
      method: attributes["http.request.method"] ?? attributes["http.method"],
      url: bareUrl(url),
      ...(hasStatus && { status_code: statusCode }),
      ...(isFailed && !hasStatus && { reason: attributes["error.type"] }),
    },
  };
}

/** Makes the breadcrumb that Sentry's SDKs make of a query. */
function queryBreadcrumb({ attributes, endTime, name, status }: ReadableSpan): Breadcrumb {
  const text = attributes["db.query.text"] ?? attributes["db.statement"];
  const summary = attributes["db.query.summary"];
  const message = [text, summary].find((one) => typeof one === "string") ?? name;
  return {
    type: "query",
    category: "query",
    level: status.code === STATUS_ERROR ? "error" : "info",
    message: message.slice(0, MAX_MESSAGE_LENGTH),
    timestamp: secondsOf(endTime),
    data: Object.fromEntries(
      QUERY_ATTRIBUTES.filter((key) => attributes[key] !== undefined).map((key) => [
        key,
        attributes[key],
      ]),
    ),
  };
}

const QUERY_ATTRIBUTES = [
  ...["db.system.name", "db.namespace", "db.operation.name", "db.collection.name"],
  ...["db.response.status_code", "error.type", "db.system", "db.name", "db.operation"],
];

/** Returns a URL without user, query and fragment. Its path has no secrets any more. */
function bareUrl(url: string): string {
  const [bare = ""] = url.split(/[?#]/, 1);
  const [scheme = "", rest] = bare.split("://", 2);
  if (rest === undefined) return bare;
  const slash = rest.indexOf("/");
  const authority = slash === -1 ? rest : rest.slice(0, slash);
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  return `${scheme}://${host}${slash === -1 ? "" : rest.slice(slash)}`;
}

/** Returns the time of a breadcrumb in seconds. */
function timeOf({ timestamp }: Breadcrumb): number {
  return typeof timestamp === "number" && Number.isFinite(timestamp) ? timestamp : 0;
}

function secondsOf([seconds, nanos]: HrTime): number {
  return seconds + nanos / 1e9;
}
