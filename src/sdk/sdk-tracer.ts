import type {
  Context as ApiContext,
  Span,
  SpanKind,
  SpanOptions,
  Tracer,
  TracerOptions,
  TracerProvider,
} from "@opentelemetry/api";
import { globalErrorHandler } from "@opentelemetry/core";
import { asContext, SPAN_KEY, spanIn } from "../context/context.ts";
import { activeContext } from "../context/manager.ts";
import { now } from "../clock.ts";
import {
  type FlushOptions,
  ProviderFlush,
  type ProviderFlushDeps,
} from "../export/provider-flush.ts";
import type { OwnTracer, OwnTracerProvider } from "../traces/own-tracer.ts";
import { callInSpan, INVALID_SPAN, parentOf } from "../traces/tracer.ts";
import type { ReplaceableSampler } from "./replaceable-sampler.ts";

/** The SDK's provider, whose tracers also have the way in for telltale's instrumentations. */
export class SdkTracerProvider implements OwnTracerProvider {
  readonly #provider: TracerProvider;
  readonly #sampler: ReplaceableSampler;
  readonly #flush: ProviderFlush;
  readonly #tracers = new Map<Tracer, SdkTracer>();

  constructor(provider: TracerProvider, sampler: ReplaceableSampler, flush: ProviderFlushDeps) {
    this.#provider = provider;
    this.#sampler = sampler;
    this.#flush = new ProviderFlush(flush);
  }

  getTracer(name: string, version?: string, options?: TracerOptions): SdkTracer {
    const tracer = this.#provider.getTracer(name, version, options);
    let known = this.#tracers.get(tracer);
    if (known === undefined)
      this.#tracers.set(tracer, (known = new SdkTracer(tracer, this.#sampler)));
    return known;
  }

  forceFlush(options?: FlushOptions): Promise<void> {
    return this.#flush.forceFlush(options);
  }

  shutdown(options?: FlushOptions): Promise<void> {
    return this.#flush.shutdown(options);
  }

  /** Stands in for the API's `ProxyTracerProvider`. */
  getDelegate(): this {
    return this;
  }
}

/** `SpanKind.INTERNAL` of the API. */
const INTERNAL = 0;

const NO_OPTIONS: SpanOptions = Object.freeze({});

/** A tracer of the SDK that never throws: neither options of the app nor a processor fail its call. */
export class SdkTracer implements OwnTracer {
  readonly #tracer: Tracer;
  readonly #sampler: ReplaceableSampler;

  constructor(tracer: Tracer, sampler: ReplaceableSampler) {
    this.#tracer = tracer;
    this.#sampler = sampler;
  }

  get readsAttributes(): boolean {
    return this.#sampler.isReplaced;
  }

  /** The SDK has passed the span to all processors at its start. */
  notifyStart(): void {}

  startSpan(name: string, options?: SpanOptions, context?: ApiContext): Span {
    const active = asContext(context) ?? activeContext();
    try {
      const parent = spanIn(active);
      const kept = parentOf(options?.kind ?? INTERNAL, parent);
      const under = kept === parent ? active : active.deleteValue(SPAN_KEY);
      return this.#tracer.startSpan(name, options ?? NO_OPTIONS, under);
    } catch (error) {
      globalErrorHandler(error as Error);
      return INVALID_SPAN;
    }
  }

  start(
    name: string,
    kind: SpanKind,
    options: SpanOptions,
    context: ApiContext,
    parent: Span | undefined,
    currentTime: number = now(),
  ): Span {
    const startTime = options.startTime ?? currentTime;
    const under = parent === spanIn(context) ? context : context.setValue(SPAN_KEY, parent);
    return this.startSpan(name, { ...options, kind, startTime }, under);
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, fn: F): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    fn: F,
  ): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    context: ApiContext,
    fn: F,
  ): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    ...rest: readonly unknown[]
  ): ReturnType<F> {
    return callInSpan(this, name, rest);
  }
}
