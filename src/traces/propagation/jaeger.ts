import type {
  Baggage,
  Context,
  SpanContext,
  TextMapGetter,
  TextMapPropagator,
  TextMapSetter,
} from "@opentelemetry/api";
import { isTracingSuppressed, SPAN_KEY, spanIn } from "../../context/context.ts";
import { NonRecordingSpan } from "../non-recording-span.ts";
import { SAMPLED_FLAG } from "../trace-flags.ts";
import { BAGGAGE_KEY, createBaggage, encodeText } from "./baggage.ts";
import { hasValidIds } from "./trace-context.ts";

const TRACE_HEADER = "uber-trace-id";
const BAGGAGE_PREFIX = "uberctx-";

/** No valid header is longer. */
const MAX_LENGTH = 256;
const MAX_ENTRIES = 64;
const MAX_BAGGAGE = 8192;

/** Trace id, span id, parent span id (deprecated; written as 0), flags. */
const PARTS = /^([0-9a-f]{1,32}):([0-9a-f]{1,16}):[0-9a-f]{1,16}:([0-9a-f]{1,2})$/;

/** Jaeger's flags for "sampled" and for "debug", which implies sampled. */
const JAEGER_SAMPLED = 1;
const JAEGER_DEBUG = 2;

/**
 * Creates a propagator for Jaeger's headers. `@opentelemetry/propagator-jaeger`
 * ends at 2.12, for older APIs.
 *
 * https://www.jaegertracing.io/docs/1.76/sdk-migration/#propagation-format
 *
 * @param excludedPrefix baggage entries whose key has this prefix are extracted, but not injected.
 */
export function createJaegerPropagator(excludedPrefix?: string): TextMapPropagator<unknown> {
  return {
    inject: (context, carrier, setter) => inject(context, carrier, setter, excludedPrefix),
    extract,
    fields: () => [TRACE_HEADER],
  };
}

function inject(
  context: Context,
  carrier: unknown,
  setter: TextMapSetter<unknown>,
  excludedPrefix: string | undefined,
): void {
  if (isTracingSuppressed(context)) return;
  const span = spanIn(context)?.spanContext();
  if (span !== undefined && hasValidIds(span)) {
    setter.set(
      carrier,
      TRACE_HEADER,
      `${span.traceId}:${span.spanId}:0:0${span.traceFlags & SAMPLED_FLAG}`,
    );
  }
  const baggage = context.getValue(BAGGAGE_KEY) as Baggage | undefined;
  for (const [key, { value }] of baggage?.getAllEntries().slice(0, MAX_ENTRIES) ?? []) {
    if (
      !BAGGAGE_KEY_PATTERN.test(key) ||
      (excludedPrefix !== undefined && key.startsWith(excludedPrefix))
    )
      continue;
    setter.set(carrier, BAGGAGE_PREFIX + key, encodeText(value));
  }
}

/** The keys that may follow the prefix in a header's name. */
const BAGGAGE_KEY_PATTERN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;

function extract(context: Context, carrier: unknown, getter: TextMapGetter<unknown>): Context {
  const parent = parentIn(firstValue(getter.get(carrier, TRACE_HEADER)));
  const traced =
    parent === undefined ? context : context.setValue(SPAN_KEY, new NonRecordingSpan(parent));
  const pairs = baggageIn(carrier, getter);
  if (pairs.length === 0) return traced;
  const others = context.getValue(BAGGAGE_KEY) as Baggage | undefined;
  return traced.setValue(BAGGAGE_KEY, createBaggage(pairs, others));
}

function firstValue(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  return typeof text === "string" ? text : undefined;
}

function parentIn(header: string | undefined): SpanContext | undefined {
  if (header === undefined || header.length > MAX_LENGTH) return undefined;
  // Some clients write hexadecimal in upper case, which W3C does not allow.
  const parts = PARTS.exec(decodeText(header)?.toLowerCase() ?? "");
  if (parts === null) return undefined;
  const [, traceId = "", spanId = "", flags = ""] = parts;
  const isSampled = (Number.parseInt(flags, 16) & (JAEGER_SAMPLED | JAEGER_DEBUG)) !== 0;
  const parent: SpanContext = {
    // Some clients leave out leading zeros.
    traceId: traceId.padStart(32, "0"),
    spanId: spanId.padStart(16, "0"),
    traceFlags: isSampled ? SAMPLED_FLAG : 0,
    isRemote: true,
  };
  return hasValidIds(parent) ? parent : undefined;
}

/** Decodes a value; undefined for malformed escapes, which crashed upstream's propagator (CVE-2026-59892). */
function decodeText(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function baggageIn(carrier: unknown, getter: TextMapGetter<unknown>): readonly BaggagePair[] {
  const pairs: BaggagePair[] = [];
  let length = 0;
  for (const name of getter.keys(carrier)) {
    if (!name.toLowerCase().startsWith(BAGGAGE_PREFIX)) continue;
    const key = name.slice(BAGGAGE_PREFIX.length);
    const text = firstValue(getter.get(carrier, name));
    length += key.length + (text?.length ?? 0);
    const value = text === undefined || length > MAX_BAGGAGE ? undefined : decodeText(text);
    if (key !== "" && value !== undefined) pairs.push([key, value]);
    if (length > MAX_BAGGAGE || pairs.length === MAX_ENTRIES) break;
  }
  return pairs;
}

type BaggagePair = readonly [key: string, value: string];
