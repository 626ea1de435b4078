import type {
  Context,
  SpanContext,
  TextMapGetter,
  TextMapPropagator,
  TextMapSetter,
  TraceState,
} from "@opentelemetry/api";
import { isTracingSuppressed, SPAN_KEY, spanIn } from "../../context/context.ts";
import { NonRecordingSpan } from "../non-recording-span.ts";
import { RANDOM_FLAG, SAMPLED_FLAG } from "../trace-flags.ts";
import { readTraceState } from "./trace-state.ts";
import { trimWhiteSpace } from "./white-space.ts";

const TRACEPARENT = "traceparent";
const TRACESTATE = "tracestate";

const VERSION_00_LENGTH = 55;
const DASH = 0x2d;
const ZERO = 0x30;

/** The flags that level 2 defines, as `traceparent` has them. */
const FLAGS = ["00", "01", "02", "03"] as const;

/**
 * Parses the headers `traceparent` and `tracestate` into a remote `SpanContext`.
 * Returns undefined, and ignores both, if `traceparent` breaks a rule of level 2.
 * Several `traceparent` headers (an array, or one string joined by commas) are
 * invalid. A version above 00 is parsed by the rules of 00 and may have more
 * parts after a dash.
 *
 * https://www.w3.org/TR/trace-context-2/#traceparent-header
 */
export function readParent(traceparent: unknown, tracestate: unknown): SpanContext | undefined {
  const value = validTraceparent(
    Array.isArray(traceparent) ? singleValue(traceparent) : traceparent,
  );
  if (value === undefined) return undefined;
  const state = tracestate === undefined ? undefined : readTraceState(tracestate);
  return parentIn(value, state);
}

/** Unwraps the array of one that some getters return for one header. */
function singleValue(headers: readonly unknown[]): unknown {
  return headers.length === 1 ? headers[0] : undefined;
}

/** Returns the header without surrounding white space, if it is valid. */
function validTraceparent(header: unknown): string | undefined {
  if (typeof header !== "string" || header.length < VERSION_00_LENGTH) return undefined;
  if (header.length > VERSION_00_LENGTH) return validLongTraceparent(header);
  return isTraceparent(header) ? header : undefined;
}

/** Checks a header with surrounding white space (Node strips it, other carriers don't), or of a later version. */
function validLongTraceparent(header: string): string | undefined {
  if (header.length > MAX_LENGTH) return undefined;
  const value = trimWhiteSpace(header);
  if (!isTraceparent(value)) return undefined;
  if (value.length === VERSION_00_LENGTH) return value;
  const isVersion00 = value.charCodeAt(0) === ZERO && value.charCodeAt(1) === ZERO;
  if (isVersion00 || value.charCodeAt(VERSION_00_LENGTH) !== DASH) return undefined;
  // A comma joins repeated headers, which are always invalid.
  return value.includes(",", VERSION_00_LENGTH) ? undefined : value;
}

/** Later versions may be longer than 00; no sensible one is this long. */
const MAX_LENGTH = 1024;

/** Checks the first 55 characters only. */
function isTraceparent(value: string): boolean {
  return (
    value.length >= VERSION_00_LENGTH &&
    value.charCodeAt(2) === DASH &&
    value.charCodeAt(35) === DASH &&
    value.charCodeAt(52) === DASH &&
    classifyHex(value, 0, 2) !== NOT_HEX &&
    classifyHex(value, 3, 35) === NOT_ZERO &&
    classifyHex(value, 36, 52) === NOT_ZERO &&
    classifyHex(value, 53, 55) !== NOT_HEX &&
    !(value.charCodeAt(0) === 0x66 && value.charCodeAt(1) === 0x66)
  );
}

const NOT_HEX = 0;
const ALL_ZERO = 1;
const NOT_ZERO = 2;

/** Classifies the characters from `start` to `end` as lower-case hexadecimal digits. */
function classifyHex(value: string, start: number, end: number): number {
  let bits = 0;
  for (let at = start; at < end; at++) {
    const code = value.charCodeAt(at);
    if (!((code >= ZERO && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return NOT_HEX;
    bits |= code ^ ZERO;
  }
  return bits === 0 ? ALL_ZERO : NOT_ZERO;
}

function parentIn(value: string, traceState: TraceState | undefined): SpanContext {
  const traceId = value.slice(3, 35);
  const spanId = value.slice(36, 52);
  const traceFlags = flagsIn(value.charCodeAt(54));
  return traceState === undefined
    ? { traceId, spanId, traceFlags, isRemote: true }
    : { traceId, spanId, traceFlags, isRemote: true, traceState };
}

/** Returns the two flags that level 2 defines, from the last digit. */
function flagsIn(digit: number): number {
  return (digit >= 0x61 ? digit - 0x57 : digit - ZERO) & (SAMPLED_FLAG | RANDOM_FLAG);
}

/** Returns the `traceparent`, at version 00, of a span context with valid ids. */
export function traceparentOf(span: SpanContext): string {
  const flags = FLAGS[span.traceFlags & (SAMPLED_FLAG | RANDOM_FLAG)] as string;
  return `00-${span.traceId}-${span.spanId}-${flags}`;
}

/** Checks that both ids are lower-case hexadecimal, of the right length and not all zero; an app may pass anything. */
export function hasValidIds(span: SpanContext): boolean {
  return (
    typeof span.traceId === "string" &&
    typeof span.spanId === "string" &&
    span.traceId.length === 32 &&
    span.spanId.length === 16 &&
    classifyHex(span.traceId, 0, 32) === NOT_ZERO &&
    classifyHex(span.spanId, 0, 16) === NOT_ZERO
  );
}

/** The propagator for W3C trace-context, level 2. */
export class TraceContextPropagator implements TextMapPropagator<unknown> {
  inject(context: Context, carrier: unknown, setter: TextMapSetter<unknown>): void {
    const span = spanIn(context)?.spanContext();
    if (span === undefined || isTracingSuppressed(context) || !hasValidIds(span)) return;
    setter.set(carrier, TRACEPARENT, traceparentOf(span));
    const state = span.traceState?.serialize();
    if (state !== undefined && state !== "") setter.set(carrier, TRACESTATE, state);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter<unknown>): Context {
    const traceparent = getter.get(carrier, TRACEPARENT);
    if (traceparent === undefined) return context;
    const parent = readParent(traceparent, getter.get(carrier, TRACESTATE));
    return parent === undefined
      ? context
      : context.setValue(SPAN_KEY, new NonRecordingSpan(parent));
  }

  fields(): string[] {
    return [TRACEPARENT, TRACESTATE];
  }
}
