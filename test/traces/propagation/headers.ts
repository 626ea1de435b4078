import type { IncomingHttpHeaders } from "node:http";
import type { Context, SpanContext, TextMapPropagator, TextMapSetter } from "@opentelemetry/api";
import { ROOT_CONTEXT, spanIn } from "../../../src/context/context.ts";
import {
  createPropagator,
  type CompositePropagator,
} from "../../../src/traces/propagation/propagator.ts";
import { NonRecordingSpan } from "../../../src/traces/non-recording-span.ts";

/* Carriers and contexts for the tests of propagation. */

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

export const CALLER_TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
export const CALLER_SPAN_ID = "b7ad6b7169203331";
export const TRACEPARENT: string = `00-${CALLER_TRACE_ID}-${CALLER_SPAN_ID}-01`;

export const defaultPropagator: CompositePropagator = createPropagator(
  ["tracecontext", "baggage"],
  {
    sentry: false,
  },
);

/** Returns headers as Node's parser does: lower case, without surrounding white space, repeated ones joined. */
export function parsedHeaders(pairs: HeaderPairs): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    const text = value.replace(/^[ \t]+|[ \t]+$/g, "");
    const earlier = headers[key];
    headers[key] = earlier === undefined ? text : `${String(earlier)}, ${text}`;
  }
  return headers;
}

export function parentSpanContext(context: Context): SpanContext | undefined {
  return spanIn(context)?.spanContext();
}

/** Returns a context whose active span has these ids and flags. */
export function contextWith(span: Partial<SpanContext>): Context {
  return ROOT_CONTEXT.withSpan(
    new NonRecordingSpan({
      traceId: CALLER_TRACE_ID,
      spanId: CALLER_SPAN_ID,
      traceFlags: 1,
      ...span,
    }),
  );
}

export const setter: TextMapSetter<unknown> = {
  set: (carrier, key, value) => {
    (carrier as Record<string, string>)[key] = value;
  },
};

/** Returns the headers that a propagator injects for a context. */
export function injectedHeaders(
  context: Context,
  propagator: TextMapPropagator<unknown> = defaultPropagator,
): Record<string, string> {
  const headers: Record<string, string> = {};
  propagator.inject(context, headers, setter);
  return headers;
}

/** Returns the `tracestate` that is injected after this one was extracted, or undefined. */
export function propagatedTraceState(tracestate: string | string[]): string | undefined {
  const headers = { traceparent: TRACEPARENT, tracestate };
  return injectedHeaders(defaultPropagator.extractHeaders(ROOT_CONTEXT, headers))["tracestate"];
}
