import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from "@opentelemetry/api";
import { isTracingSuppressed, spanIn } from "../../context/context.ts";
import type { ExtractingPropagator } from "./extracting-propagator.ts";
import { hasValidIds } from "./trace-context.ts";

/** No valid header of a third-party propagator is longer. */
const MAX_LENGTH = 1024;

/**
 * Restricts a third-party propagator: it gets no overlong headers and injects
 * nothing while tracing is suppressed. A parent with ids that W3C does not allow
 * is ignored, since they would be injected again in `traceparent`.
 */
export class SafePropagator implements ExtractingPropagator {
  readonly #inner: TextMapPropagator<unknown>;
  readonly #extractFields: readonly string[];
  readonly #normalize: (header: string) => string;

  /** @param normalize converts a header before it is parsed. */
  constructor(
    inner: TextMapPropagator<unknown>,
    extractFields: readonly string[] = inner.fields(),
    normalize: (header: string) => string = (header) => header,
  ) {
    this.#inner = inner;
    this.#extractFields = extractFields;
    this.#normalize = normalize;
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter<unknown>): void {
    if (!isTracingSuppressed(context)) this.#inner.inject(context, carrier, setter);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter<unknown>): Context {
    const result = this.#inner.extract(context, carrier, {
      get: (from, key) => this.#readHeader(getter.get(from, key)),
      keys: (from) => getter.keys(from),
    });
    const span = spanIn(result);
    return span === undefined || span === spanIn(context) || hasValidIds(span.spanContext())
      ? result
      : context;
  }

  fields(): string[] {
    return this.#inner.fields();
  }

  extractFields(): readonly string[] {
    return this.#extractFields;
  }

  #readHeader(header: string | string[] | undefined): string | undefined {
    const text = Array.isArray(header) ? header[0] : header;
    if (typeof text !== "string" || text.length > MAX_LENGTH) return undefined;
    return this.#normalize(text);
  }
}
