import type { IncomingHttpHeaders } from "node:http";
import type { Context, SpanContext, TextMapPropagator, TextMapSetter } from "@opentelemetry/api";
import { ROOT, spanIn } from "../../../src/context/context.ts";
import { createPropagator, type Propagator } from "../../../src/traces/propagation/propagator.ts";
import { CarrierSpan } from "../../../src/traces/carrier-span.ts";

/** Carriers and contexts for the tests of propagation. */

export type Pairs = readonly (readonly [name: string, value: string])[];

export const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
export const SPAN_ID = "b7ad6b7169203331";
export const TRACEPARENT: string = `00-${TRACE_ID}-${SPAN_ID}-01`;

export const standard: Propagator = createPropagator(["tracecontext", "baggage"], {
  sentry: false,
});

/** The headers as Node's parser makes them: lower case, white space cut, repeated ones joined. */
export function received(pairs: Pairs): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    const text = value.replace(/^[ \t]+|[ \t]+$/g, "");
    const earlier = headers[key];
    headers[key] = earlier === undefined ? text : `${String(earlier)}, ${text}`;
  }
  return headers;
}

export function parentOf(context: Context): SpanContext | undefined {
  return spanIn(context)?.spanContext();
}

/** A context whose active span has these ids and flags. */
export function contextWith(span: Partial<SpanContext>): Context {
  return ROOT.withSpan(
    new CarrierSpan({ traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1, ...span }),
  );
}

export const setter: TextMapSetter<unknown> = {
  set: (carrier, key, value) => {
    (carrier as Record<string, string>)[key] = value;
  },
};

/** What a propagator writes for a context. */
export function injected(
  context: Context,
  propagator: TextMapPropagator<unknown> = standard,
): Record<string, string> {
  const headers: Record<string, string> = {};
  propagator.inject(context, headers, setter);
  return headers;
}

/** The `tracestate` that goes out where this one came in, or undefined. */
export function passedOn(tracestate: string | string[]): string | undefined {
  const headers = { traceparent: TRACEPARENT, tracestate };
  return injected(standard.extractHeaders(ROOT, headers))["tracestate"];
}
