import type { Context, TextMapGetter, TextMapSetter } from "@opentelemetry/api";
import { lazy } from "../../lazy.ts";
import { isTracingSuppressed, SPAN_KEY, spanIn } from "../../context/context.ts";
import { NonRecordingSpan } from "../non-recording-span.ts";
import { SAMPLED_FLAG } from "../trace-flags.ts";
import type { ExtractingPropagator } from "./extracting-propagator.ts";
import { hasValidIds } from "./trace-context.ts";

const loadSentry = lazy<typeof import("./sentry.ts")>("traces/propagation/sentry.ts");

const SENTRY_TRACE = "sentry-trace";

/**
 * Continues the trace of a Sentry SDK, usually a browser's, if no other header
 * named a parent. `@sentry/opentelemetry` parses the header; it is loaded at the
 * first request with one.
 */
export class SentryTracePropagator implements ExtractingPropagator {
  readonly #injects: boolean;

  /** @param injects whether `sentry-trace` is also injected: only if the configuration names `sentry`. */
  constructor({ injects }: { readonly injects: boolean }) {
    this.#injects = injects;
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter<unknown>): void {
    if (!this.#injects || isTracingSuppressed(context)) return;
    const span = spanIn(context)?.spanContext();
    if (span === undefined || !hasValidIds(span)) return;
    setter.set(
      carrier,
      SENTRY_TRACE,
      `${span.traceId}-${span.spanId}-${span.traceFlags & SAMPLED_FLAG}`,
    );
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter<unknown>): Context {
    const header = getter.get(carrier, SENTRY_TRACE);
    if (header === undefined || spanIn(context)?.spanContext().isRemote === true) return context;
    const parent = loadSentry().readSentryTrace(header, getter.get(carrier, "baggage"));
    return parent === undefined
      ? context
      : context.setValue(SPAN_KEY, new NonRecordingSpan(parent));
  }

  fields(): string[] {
    return this.#injects ? [SENTRY_TRACE] : [];
  }

  extractFields(): string[] {
    return [SENTRY_TRACE];
  }
}
