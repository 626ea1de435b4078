import type { Context, Span, SpanAttributeValue, SpanOptions, Tracer } from "@opentelemetry/api";
import type { Services } from "./adaptor.ts";
import { describeSql } from "./sql.ts";
import type { Upstream } from "./upstream.ts";

const QUERY_TEXT = "db.query.text";

/**
 * An instrumentation of a database that writes statements down as they are:
 * their literals are left out, unless values were asked for.
 */
export function withoutLiterals<Database extends Upstream>(
  instrumentation: Database,
  options: Services["options"],
): Database {
  if (options["enhancedDatabaseReporting"] === true) return instrumentation;
  const setTracerProvider = instrumentation.setTracerProvider.bind(instrumentation);
  instrumentation.setTracerProvider = (provider) =>
    setTracerProvider({ getTracer: (...of) => new CleanTracer(provider.getTracer(...of)) });
  return instrumentation;
}

class CleanTracer implements Tracer {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  startSpan(name: string, options: SpanOptions = {}, context?: Context): Span {
    const attributes = { ...options.attributes };
    if (QUERY_TEXT in attributes) attributes[QUERY_TEXT] = clean(attributes[QUERY_TEXT]);
    const span = this.#tracer.startSpan(name, { ...options, attributes }, context);
    const setAttribute = span.setAttribute.bind(span);
    span.setAttribute = (key, value) =>
      setAttribute(key, key === QUERY_TEXT ? clean(value) : value);
    return span;
  }

  get startActiveSpan(): Tracer["startActiveSpan"] {
    return this.#tracer.startActiveSpan.bind(this.#tracer);
  }
}

function clean(text: SpanAttributeValue | undefined): SpanAttributeValue {
  return typeof text === "string" ? describeSql(text).text : "";
}
