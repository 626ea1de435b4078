import type { Context, Span, SpanOptions, Tracer } from "@opentelemetry/api";

/** Delegates to another tracer; subclasses change how spans start. */
export class DelegatingTracer implements Tracer {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  startSpan(name: string, options?: SpanOptions, context?: Context): Span {
    return this.#tracer.startSpan(name, options, context);
  }

  get startActiveSpan(): Tracer["startActiveSpan"] {
    return this.#tracer.startActiveSpan.bind(this.#tracer);
  }
}
