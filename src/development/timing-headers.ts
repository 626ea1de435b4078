import type { Span } from "@opentelemetry/api";
import type { CallTime, CallTimes } from "../context/call-times.ts";
import { now } from "../clock.ts";

/** The request that is answered. */
export interface TimedRequest {
  /** Milliseconds on the monotonic clock. */
  readonly startedAt: number;
  readonly callTimes: CallTimes | undefined;
  readonly span?: Span | undefined;
}

/** The response, when its head is sent. */
export interface SentHead {
  readonly statusCode: number;
  /** In any form that Node takes: an object, pairs, or names and values in turn. */
  readonly headers: unknown;
  /** Whether `headers` are Node's own collection: names in lower case, which nothing changes any more. */
  readonly isCollection: boolean;
  /** Whether the length of the body is known besides: there is none, or Node has counted it. */
  readonly isWhole: boolean;
}

/** Returns lines of headers to add to a response; `timingHeaders`, where they are wanted. */
export type TimingHeaders = (request: TimedRequest, response: SentHead) => string;

/** Headers that matter here; a response has a set of them, whose members are bits. */
const Bit = {
  "Content-Length": 1,
  "Transfer-Encoding": 2,
  "Server-Timing": 4,
  "X-Request-Time": 8,
  "X-Query-Count": 16,
  "X-Query-Time": 32,
  "X-Cache-Hits": 64,
  "X-Cache-Misses": 128,
  "X-Cache-Hit-Ratio": 256,
} as const;

/** Those that are added here. */
const TIMINGS = ~(Bit["Content-Length"] | Bit["Transfer-Encoding"]);

const bitByName = new Map(Object.entries(Bit).map(([name, bit]) => [name.toLowerCase(), bit]));

const LENGTHS = new Set([...bitByName.keys()].map(({ length }) => length));

/**
 * Returns headers with the time of a request, its queries and its cache lookups; none for a
 * response that is streamed, since its work goes on after the head. A response is whole if the
 * length of its body is known. Headers of the same names that the app has set stay.
 */
export function timingHeaders(request: TimedRequest, response: SentHead): string {
  const { statusCode } = response;
  if (statusCode < 200) return "";
  const { headers } = response;
  const sent = response.isCollection ? bitsOfCollection(headers as Headers) : bitsOf(headers);
  const hasNoBody = statusCode === 204 || statusCode === 304;
  const isWhole = response.isWhole || hasNoBody || (sent & Bit["Content-Length"]) !== 0;
  if (!isWhole || (sent & Bit["Transfer-Encoding"]) !== 0) return "";
  return linesAt(now(), request, sent);
}

function linesAt(at: number, { startedAt, callTimes }: TimedRequest, sent: number): string {
  const tenths = Math.round((at - startedAt) * 10);
  return callTimes === undefined && (sent & TIMINGS) === 0
    ? linesWithoutCalls(tenths)
    : linesOf(tenths, callTimes, at, sent);
}

/**
 * Lines of requests without calls, by their time in tenths of a millisecond: they are mostly the
 * same few, and Node copies a text in one piece faster than one that was just put together.
 */
const knownLines: (string | undefined)[] = Array.from({ length: 500 }, () => undefined);

function linesWithoutCalls(tenths: number): string {
  if (tenths >= knownLines.length) return linesOf(tenths, undefined, 0, 0);
  return (knownLines[tenths] ??= inOnePiece(linesOf(tenths, undefined, 0, 0)));
}

function inOnePiece(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

function linesOf(
  tenths: number,
  callTimes: CallTimes | undefined,
  at: number,
  sent: number,
): string {
  const total = textOfTenths(tenths);
  const queries = callTimes?.until("database", at);
  const { cacheHits = 0, cacheMisses = 0 } = callTimes ?? {};
  const lookups = cacheHits + cacheMisses;
  const calls = callTimes === undefined ? "" : timingsOf(callTimes, at);
  return (
    line(sent, "Server-Timing", `total;dur=${total}${calls}`) +
    line(sent, "X-Request-Time", total) +
    line(sent, "X-Query-Count", queries?.count ?? 0) +
    line(sent, "X-Query-Time", milliseconds(queries?.ms ?? 0)) +
    line(sent, "X-Cache-Hits", cacheHits) +
    line(sent, "X-Cache-Misses", cacheMisses) +
    (lookups === 0 ? "" : line(sent, "X-Cache-Hit-Ratio", (cacheHits / lookups).toFixed(2)))
  );
}

function line(sent: number, name: keyof typeof Bit, value: string | number): string {
  return (sent & Bit[name]) === 0 ? `${name}: ${value}\r\n` : "";
}

function timingsOf(times: CallTimes, at: number): string {
  return (
    timing("db", "queries", times.until("database", at)) +
    timing("cache", "commands", times.until("cache", at)) +
    timing("http", "calls", times.until("outgoing", at))
  );
}

function timing(name: string, what: string, time: CallTime | undefined): string {
  if (time === undefined) return "";
  return `, ${name};dur=${milliseconds(time.ms)};desc="${time.count} ${what}"`;
}

function milliseconds(value: number): string {
  return textOfTenths(Math.round(value * 10));
}

/** Returns a time with one decimal; `toFixed` takes five times as long. */
function textOfTenths(tenths: number): string {
  return `${Math.floor(tenths / 10)}.${tenths % 10}`;
}

type Headers = Readonly<Record<string, unknown>>;

const names = [...bitByName];

/** Looks for each name, which takes half the time of an iteration of Node's collection. */
function bitsOfCollection(headers: Headers): number {
  let bits = 0;
  for (const [name, bit] of names) if (headers[name] !== undefined) bits |= bit;
  return bits;
}

/** Returns the bits of the headers that a response has. */
function bitsOf(headers: unknown): number {
  if (typeof headers !== "object" || headers === null) return 0;
  let bits = 0;
  try {
    if (!Array.isArray(headers)) {
      for (const name in headers) bits |= bitOf(name);
    } else if (Array.isArray(headers[0])) {
      for (const pair of headers) if (Array.isArray(pair)) bits |= bitOf(pair[0]);
    } else {
      for (let at = 0; at < headers.length; at += 2) bits |= bitOf(headers[at]);
    }
  } catch {
    // A getter or a proxy among the app's headers throws, and then also for Node.
  }
  return bits;
}

function bitOf(name: unknown): number {
  if (typeof name !== "string" || !LENGTHS.has(name.length)) return 0;
  return bitByName.get(name.toLowerCase()) ?? 0;
}
