import type {
  Attributes,
  Context as ApiContext,
  Link,
  Span,
  SpanContext,
  SpanKind,
  SpanOptions,
  Tracer,
  TracerOptions,
  TracerProvider,
} from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace";
import { holderIn, isSuppressed, spanIn, SPAN_KEY } from "../context/context.ts";
import { activeContext, runIn } from "../context/manager.ts";
import { monotonicOf, now, wallOrigin } from "../clock.ts";
import { newSpanId, newTraceId } from "./ids.ts";
import { LocalTrace, type TraceSink } from "./local-trace.ts";
import { hasValidIds } from "./propagation/trace-context.ts";
import { probabilityOf } from "./sampling/sampler.ts";
import { CarrierSpan, type SpanSettings, TelltaleSpan } from "./span.ts";

const INVALID_TRACE_ID = "00000000000000000000000000000000";
const INVALID_SPAN_ID = "0000000000000000";
const SAMPLED = 1;
/** W3C trace-context level 2: the trace id was made at random. */
const RANDOM = 2;
/** `SamplingDecision.RECORD_AND_SAMPLED` of the API. */
const RECORD_AND_SAMPLED = 2;
const NOT_RECORD = 0;

const NO_ATTRIBUTES: Attributes = Object.freeze({});
const NO_LINKS: Link[] = [];

const NOTHING: Span = new CarrierSpan({
  traceId: INVALID_TRACE_ID,
  spanId: INVALID_SPAN_ID,
  traceFlags: 0,
});

/** What all tracers of one provider share. */
export interface TracerSettings extends SpanSettings {
  readonly sampler: Sampler;
  readonly sink: TraceSink;
  /**
   * False where nothing can be kept (no exporter, `always_off`): then what head
   * sampling refuses isn't recorded at all.
   */
  readonly keepsLater: boolean;
  /** With what probability head sampling keeps a trace that begins here; undefined: unknown. */
  readonly probability: number | undefined;
}

export class TelltaleTracerProvider implements TracerProvider {
  readonly #settings: TracerSettings;
  readonly #tracers = new Map<string, TelltaleTracer>();

  constructor(settings: TracerSettings) {
    this.#settings = settings;
  }

  getTracer(name: string, version?: string, options?: TracerOptions): TelltaleTracer {
    const schemaUrl = options?.schemaUrl;
    const key = `${name}@${version ?? ""}:${schemaUrl ?? ""}`;
    const known = this.#tracers.get(key);
    if (known !== undefined) return known;
    const scope = {
      name: name || "",
      ...(version !== undefined && { version }),
      ...(schemaUrl !== undefined && { schemaUrl }),
    };
    const tracer = new TelltaleTracer(scope, this.#settings);
    this.#tracers.set(key, tracer);
    return tracer;
  }
}

export class TelltaleTracer implements Tracer {
  readonly #scope: InstrumentationScope;
  readonly #settings: TracerSettings;

  constructor(scope: InstrumentationScope, settings: TracerSettings) {
    this.#scope = scope;
    this.#settings = settings;
  }

  startSpan(name: string, options: SpanOptions = {}, context: ApiContext = activeContext()): Span {
    const parent = options.root === true ? undefined : spanIn(context);
    const span = this.start(name, options.kind ?? 0, options, context, parent);
    if (!(span instanceof TelltaleSpan)) return span;
    if (options.links !== undefined) span.addLinks(options.links);
    if (options.attributes !== undefined) span.setAttributes(options.attributes);
    for (const processor of this.#settings.processors) processor.onStart(span, context);
    return span;
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
    const work = rest.at(-1) as F;
    const options = (rest.length > 1 ? rest[0] : {}) as SpanOptions;
    const context = (rest.length > 2 ? rest[1] : activeContext()) as ApiContext;
    const span = this.startSpan(name, options ?? {}, context);
    return runIn(context.setValue(SPAN_KEY, span), () => work(span)) as ReturnType<F>;
  }

  /**
   * `startSpan` for our own rooms: no links, no attributes, the parent already known.
   *
   * @param present on our clock, where the caller has looked at it for a metric of the same work.
   */
  start(
    name: string,
    kind: SpanKind,
    options: SpanOptions,
    context: ApiContext,
    parent: Span | undefined,
    present: number = now(),
  ): Span {
    if (isSuppressed(context)) return NOTHING;
    const settings = this.#settings;
    const local = parent instanceof TelltaleSpan ? parent : undefined;
    const parentContext = local?.spanContext() ?? validContext(parent);
    const traceId = parentContext?.traceId ?? newTraceId();
    const result = settings.sampler.shouldSample(
      parentContext === undefined ? withoutSpan(context) : context,
      traceId,
      name,
      kind,
      options.attributes ?? NO_ATTRIBUTES,
      options.links ?? NO_LINKS,
    );
    const spanContext = contextOf(traceId, parentContext, result);
    if (!this.#records(result, local)) return new CarrierSpan(spanContext);
    const wall = local?.localTrace.wall ?? wallOrigin(present);
    const localTrace =
      local?.localTrace ??
      new LocalTrace(
        settings.sink,
        result.decision === RECORD_AND_SAMPLED,
        probabilityOf(spanContext.traceState) ??
          (parentContext === undefined ? settings.probability : undefined),
        wall,
      );
    const span = new TelltaleSpan(
      name,
      kind,
      spanContext,
      parentContext,
      this.#scope,
      settings,
      localTrace,
      options.startTime === undefined ? present : monotonicOf(options.startTime, wall),
    );
    if (local === undefined) this.#begin(localTrace, span, context);
    if (result.attributes !== undefined) span.setAttributes(result.attributes);
    return span;
  }

  /**
   * What head sampling refuses is recorded all the same, for the keep decision
   * of its local trace; but a sampler that drops a child of a sampled parent
   * means that child.
   */
  #records(result: SamplingResult, local: TelltaleSpan | undefined): boolean {
    if (result.decision !== NOT_RECORD) return true;
    if (local !== undefined && (local.spanContext().traceFlags & SAMPLED) !== 0) return false;
    return this.#settings.keepsLater;
  }

  #begin(localTrace: LocalTrace, root: TelltaleSpan, context: ApiContext): void {
    localTrace.root = root;
    const holder = holderIn(context);
    if (holder !== undefined) holder.localTrace ??= localTrace;
  }
}

/** What a sampler sees of a root: no parent, valid or not. */
function withoutSpan(context: ApiContext): ApiContext {
  return spanIn(context) === undefined ? context : context.deleteValue(SPAN_KEY);
}

function contextOf(
  traceId: string,
  parent: SpanContext | undefined,
  result: SamplingResult,
): SpanContext {
  const sampled = result.decision === RECORD_AND_SAMPLED ? SAMPLED : 0;
  const random = parent === undefined ? RANDOM : parent.traceFlags & RANDOM;
  const traceState = result.traceState ?? parent?.traceState;
  return traceState === undefined
    ? { traceId, spanId: newSpanId(), traceFlags: sampled | random }
    : { traceId, spanId: newSpanId(), traceFlags: sampled | random, traceState };
}

/** The context of a parent that isn't ours, if its ids are valid. */
function validContext(parent: Span | undefined): SpanContext | undefined {
  const context = parent?.spanContext();
  return context !== undefined && hasValidIds(context) ? context : undefined;
}
