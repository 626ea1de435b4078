import type { MetricData, ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { propertyOf } from "../../property.ts";
import type { Exemplar } from "../exemplars.ts";
import type { Point } from "../merge/metrics-merge.ts";
import { isSummary } from "../../export/summary-data.ts";
import { EXPONENTIAL_HISTOGRAM, GAUGE, HISTOGRAM, SUM } from "../reader-state.ts";
import { LARGEST_SIZE } from "../series/exponential-buckets.ts";
import type { MemberMessage, OwnerMessage } from "./protocol.ts";

/** A data point whose content is not known yet. */
interface WirePoint {
  readonly attributes: unknown;
  readonly startTime: unknown;
  value: unknown;
  exemplar?: unknown;
}

/*
 * Checks of what arrives on the socket. A wrong value that got as far as the page would
 * make it invalid, and so hide the metrics of all processes.
 */

/**
 * Returns the message of a member, with its numbers decoded.
 *
 * @throws if it is not one.
 */
export function memberMessageOf(message: unknown): MemberMessage {
  const kind = propertyOf(message, "kind");
  const scopeMetrics = propertyOf(message, "scopeMetrics");
  const threads = propertyOf(message, "threads");
  if (kind === "hello" || kind === "control") {
    if (!isText(propertyOf(message, "id"))) reject();
    if (kind === "control") return message as MemberMessage;
    if (!isNumber(propertyOf(message, "pid")) || !isNumber(propertyOf(message, "ppid"))) reject();
  } else if (kind === "inheritance") {
    checkInheritance(message);
  } else if (kind === "changes" || kind === "answer") {
    decodeScopes(scopeMetrics);
    if (threads !== undefined) decodeScopes(threads);
  } else if (kind !== "reply" || !isNumber(propertyOf(message, "callNumber"))) reject();
  return message as MemberMessage;
}

/** @throws if it is not a message of an owner. */
export function ownerMessageOf(message: unknown): OwnerMessage {
  const kind = propertyOf(message, "kind");
  if (kind === "inheritance") {
    checkInheritance(message);
    return message as OwnerMessage;
  }
  const isValid =
    (kind === "accepted" && isNumber(propertyOf(message, "pushDelayMs"))) ||
    (kind === "read" && isNumber(propertyOf(message, "changes"))) ||
    (kind === "request" && isNumber(propertyOf(message, "requestNumber"))) ||
    (kind === "call" && isNumber(propertyOf(message, "callNumber")));
  return isValid ? (message as OwnerMessage) : reject();
}

function checkInheritance(message: unknown): void {
  if (!isText(propertyOf(message, "ownerId"))) reject();
  if (!arrayOf(propertyOf(message, "memberIds")).every(isText)) reject();
  decodeScopes(propertyOf(message, "scopeMetrics"));
}

/** Checks metrics, and replaces the texts of numbers that JSON does not have. */
function decodeScopes(scopes: unknown): asserts scopes is ScopeMetrics[] {
  for (const scope of arrayOf(scopes)) {
    if (!isText(propertyOf(propertyOf(scope, "scope"), "name"))) reject();
    for (const metric of arrayOf(propertyOf(scope, "metrics"))) decodeMetric(metric);
  }
}

function decodeMetric(metric: unknown): void {
  const descriptor = propertyOf(metric, "descriptor");
  for (const name of ["name", "unit", "description"] as const)
    if (!isText(propertyOf(descriptor, name))) reject();
  const { dataPointType, dataPoints } = metric as MetricData;
  const hasQuantiles = isSummary(metric as MetricData);
  if (
    dataPointType !== HISTOGRAM &&
    dataPointType !== EXPONENTIAL_HISTOGRAM &&
    dataPointType !== GAUGE &&
    dataPointType !== SUM &&
    !hasQuantiles
  )
    reject();
  for (const point of arrayOf(dataPoints) as WirePoint[]) {
    if (typeof point.attributes !== "object" || point.attributes === null) reject();
    if (!arrayOf(point.startTime).every(isNumber)) reject();
    Object.freeze(point.attributes);
    if (dataPointType === HISTOGRAM) checkHistogram(point as Point);
    else if (dataPointType === EXPONENTIAL_HISTOGRAM) checkExponential(point as Point);
    else if (hasQuantiles) checkSummary(point);
    else decodeNumber(point);
  }
}

function checkHistogram({ value }: Point): void {
  const buckets = propertyOf(value, "buckets");
  const boundaries = arrayOf(propertyOf(buckets, "boundaries"));
  const counts = arrayOf(propertyOf(buckets, "counts"));
  if (counts.length !== boundaries.length + 1) reject();
  if (![...boundaries, ...counts].every(isNumber)) reject();
  checkDistribution(value);
  const { native } = value as { native?: unknown };
  if (native !== undefined) checkExponentialBuckets(native);
}

function checkExponential({ value }: Point): void {
  checkDistribution(value);
  checkExponentialBuckets(value);
}

function checkDistribution(value: unknown): void {
  const sum = propertyOf(value, "sum");
  if (!isNumber(propertyOf(value, "count")) || !(sum === undefined || isNumber(sum))) reject();
  const sent = value as { exemplars?: unknown };
  if (sent.exemplars !== undefined) sent.exemplars = arrayOf(sent.exemplars).map(exemplarOf);
}

function checkExponentialBuckets(native: unknown): void {
  if (!Number.isInteger(propertyOf(native, "scale"))) reject();
  if (!isNumber(propertyOf(native, "zeroCount"))) reject();
  for (const range of [propertyOf(native, "positive"), propertyOf(native, "negative")]) {
    const counts = arrayOf(propertyOf(range, "bucketCounts"));
    if (!Number.isInteger(propertyOf(range, "offset")) || counts.length > LARGEST_SIZE) reject();
    if (!counts.every(isNumber)) reject();
  }
}

/** Returns an exemplar, or undefined for a bucket without one, which JSON has as null. */
function exemplarOf(exemplar: unknown): Exemplar | undefined {
  if (exemplar === null || exemplar === undefined) return undefined;
  const { traceId, spanId, value, at } = exemplar as Record<keyof Exemplar, unknown>;
  const isValid = isId(traceId) && isId(spanId) && isNumber(value) && isNumber(at);
  return isValid ? (exemplar as Exemplar) : reject();
}

function checkSummary({ value }: WirePoint): void {
  const quantiles = arrayOf(propertyOf(value, "quantiles"));
  const numbers = quantiles.flatMap((entry) => [
    propertyOf(entry, "quantile"),
    propertyOf(entry, "value"),
  ]);
  const all = [...numbers, propertyOf(value, "count"), propertyOf(value, "sum")];
  if (!all.every(isNumber)) reject();
}

function decodeNumber(point: WirePoint): void {
  point.value = numberOf(point.value);
  if (point.exemplar !== undefined) point.exemplar = exemplarOf(point.exemplar);
}

/** Returns a number that was sent as itself, or as the text of NaN or an infinity. */
function numberOf(value: unknown): number {
  if (isNumber(value)) return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  return reject();
}

function arrayOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : reject();
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isId(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-f]{16,32}$/.test(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function reject(): never {
  throw new Error("unexpected message");
}
