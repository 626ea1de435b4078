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
  TraceState,
} from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace";
import {
  Context,
  asContext,
  isTracingSuppressed,
  ROOT_CONTEXT,
  spanIn,
  SPAN_KEY,
} from "../context/context.ts";
import { activeContext, runWithContext } from "../context/manager.ts";
import { localTraceSlotIn } from "../context/unit-access.ts";
import { monotonicOf, now, timeInputOf, wallClockOriginAt } from "../clock.ts";
import {
  type FlushOptions,
  type ProviderFlushDeps,
  noopFlush,
  ProviderFlush,
} from "../export/provider-flush.ts";
import { propertyOf } from "../property.ts";
import { newSpanId, newTraceId } from "./ids.ts";
import { LocalTrace, type TraceSink } from "./local-trace.ts";
import { hasValidIds } from "./propagation/trace-context.ts";
import { TraceStateImpl } from "./propagation/trace-state.ts";
import { probabilityOf } from "./sampling/sampler.ts";
import { NonRecordingSpan } from "./non-recording-span.ts";
import { type SpanSharedState, TelltaleSpan } from "./span.ts";

const INVALID_TRACE_ID = "00000000000000000000000000000000";
const INVALID_SPAN_ID = "0000000000000000";
const SAMPLED_FLAG = 1;
/** W3C trace-context level 2: the trace id was made at random. */
const RANDOM_FLAG = 2;
/** `SamplingDecision.RECORD_AND_SAMPLED` of the API. */
const RECORD_AND_SAMPLED = 2;
const NOT_RECORD = 0;

const NO_ATTRIBUTES: Attributes = Object.freeze({});
const NO_OPTIONS: SpanOptions = Object.freeze({});
const NO_LINKS: Link[] = [];

const INVALID_SPAN: Span = new NonRecordingSpan({
  traceId: INVALID_TRACE_ID,
  spanId: INVALID_SPAN_ID,
  traceFlags: 0,
});

/** What all tracers of one provider share. */
export interface TracerSharedState extends SpanSharedState {
  readonly sampler: Sampler;
  readonly sink: TraceSink<TelltaleSpan>;
  /**
   * False where nothing can be kept (no exporter, `always_off`): then what head
   * sampling refuses isn't recorded at all.
   */
  readonly tailSamples: boolean;
  /** With what probability head sampling keeps a trace that begins here; undefined: unknown. */
  readonly probability: number | undefined;
}

export class TelltaleTracerProvider implements TracerProvider {
  readonly #sharedState: TracerSharedState;
  readonly #flush: ProviderFlush;
  readonly #tracers = new Map<string, TelltaleTracer>();

  constructor(sharedState: TracerSharedState, flush: ProviderFlushDeps = noopFlush) {
    this.#sharedState = sharedState;
    this.#flush = new ProviderFlush(flush);
  }

  /** After `shutdown` it gives tracers that record nothing. */
  getTracer(name: string, version?: string, options?: TracerOptions): TelltaleTracer {
    const scope = scopeOf(name, version, propertyOf(options, "schemaUrl"));
    if (this.#flush.isShutDown) return new NoopTracer(scope, this.#sharedState);
    const key = `${scope.name}@${scope.version ?? ""}:${scope.schemaUrl ?? ""}`;
    const known = this.#tracers.get(key);
    if (known !== undefined) return known;
    const tracer = new TelltaleTracer(scope, this.#sharedState);
    this.#tracers.set(key, tracer);
    return tracer;
  }

  /** Sends the spans that have ended. Never rejects. */
  forceFlush(options?: FlushOptions): Promise<void> {
    return this.#flush.forceFlush(options);
  }

  /** Spans that end from now on are dropped, and counted so. Never rejects. */
  shutdown(options?: FlushOptions): Promise<void> {
    return this.#flush.shutdown(options);
  }

  /** As of the API's `ProxyTracerProvider`, behind which apps expect the SDK's. */
  getDelegate(): this {
    return this;
  }
}

function scopeOf(name: unknown, version: unknown, schemaUrl: unknown): InstrumentationScope {
  return {
    name: typeof name === "string" ? name : "",
    ...(typeof version === "string" && { version }),
    ...(typeof schemaUrl === "string" && { schemaUrl }),
  };
}

export class TelltaleTracer implements Tracer {
  readonly #scope: InstrumentationScope;
  readonly #sharedState: TracerSharedState;

  constructor(scope: InstrumentationScope, sharedState: TracerSharedState) {
    this.#scope = scope;
    this.#sharedState = sharedState;
  }

  /**
   * No use of it throws (specification, error-handling.md): what can't be read is left out.
   */
  startSpan(name: string, options?: SpanOptions, context?: ApiContext): Span {
    const active = asContext(context) ?? activeContext();
    const text = spanName(name);
    try {
      return this.#startSpan(text, options ?? NO_OPTIONS, active);
    } catch {
      // A getter among the options, or a sampler or processor of others.
      return this.#startMinimal(text, active);
    }
  }

  #startSpan(name: string, options: SpanOptions, context: ApiContext): Span {
    const parentContext = options.root === true ? withoutSpan(context) : context;
    const span = this.start(
      name,
      kindOf(options.kind),
      options,
      parentContext,
      spanIn(parentContext),
    );
    if (!(span instanceof TelltaleSpan)) return span;
    const { links, attributes } = options;
    if (links !== undefined) span.addLinks(links);
    if (attributes !== undefined) span.setAttributes(attributes);
    for (const processor of this.#sharedState.processors) processor.onStart(span, parentContext);
    return span;
  }

  #startMinimal(name: string, context: ApiContext): Span {
    try {
      return this.start(name, 0, NO_OPTIONS, context, spanIn(context));
    } catch {
      return INVALID_SPAN;
    }
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
    const callback = rest.at(-1) as F;
    if (typeof callback !== "function") return undefined as ReturnType<F>;
    const options = (rest.length > 1 ? rest[0] : undefined) as SpanOptions | undefined;
    const context = asContext(rest.length > 2 ? rest[1] : undefined) ?? activeContext();
    const span = this.startSpan(name, options, context);
    return runWithContext(withSpan(context, span), () => callback(span)) as ReturnType<F>;
  }

  /**
   * `startSpan` for our own rooms: no links, no attributes, the parent already known.
   *
   * @param currentTime on our clock, where the caller has looked at it for a metric of the same work.
   */
  start(
    name: string,
    kind: SpanKind,
    options: SpanOptions,
    context: ApiContext,
    parent: Span | undefined,
    currentTime: number = now(),
  ): Span {
    if (isTracingSuppressed(context)) return INVALID_SPAN;
    const sharedState = this.#sharedState;
    const localParent = parent instanceof TelltaleSpan ? parent : undefined;
    const parentContext = localParent?.spanContext() ?? validParentContext(parent);
    const traceId = parentContext?.traceId ?? newTraceId();
    const result = sharedState.sampler.shouldSample(
      localParent === undefined ? withParent(context, parentContext) : context,
      traceId,
      name,
      kind,
      options.attributes ?? NO_ATTRIBUTES,
      options.links ?? NO_LINKS,
    );
    const spanContext = newSpanContext(traceId, parentContext, result);
    if (!this.#shouldRecord(result, localParent)) return new NonRecordingSpan(spanContext);
    const clockOrigin = localParent?.localTrace.wallClockOrigin ?? wallClockOriginAt(currentTime);
    const localTrace =
      localParent?.localTrace ??
      new LocalTrace(
        sharedState.sink,
        result.decision === RECORD_AND_SAMPLED,
        probabilityOf(spanContext.traceState) ??
          (parentContext === undefined ? sharedState.probability : undefined),
        clockOrigin,
      );
    const startTime = options.startTime === undefined ? undefined : timeInputOf(options.startTime);
    const span = new TelltaleSpan(
      name,
      kind,
      spanContext,
      parentContext,
      this.#scope,
      sharedState,
      localTrace,
      startTime === undefined ? currentTime : monotonicOf(startTime, clockOrigin),
    );
    if (startTime !== undefined) span.setExactStart(startTime);
    if (localParent === undefined) this.#attachRoot(localTrace, span, context);
    if (result.attributes !== undefined) span.setAttributes(result.attributes);
    return span;
  }

  /**
   * What head sampling refuses is recorded all the same, for the keep decision
   * of its local trace; but a sampler that drops a child of a sampled parent
   * means that child.
   */
  #shouldRecord(result: SamplingResult, localParent: TelltaleSpan | undefined): boolean {
    if (result.decision !== NOT_RECORD) return true;
    if (localParent !== undefined && (localParent.spanContext().traceFlags & SAMPLED_FLAG) !== 0)
      return false;
    return this.#sharedState.tailSamples;
  }

  #attachRoot(localTrace: LocalTrace<TelltaleSpan>, root: TelltaleSpan, context: ApiContext): void {
    localTrace.root = root;
    const unit = localTraceSlotIn(context);
    if (unit !== undefined) unit.localTrace ??= localTrace;
  }
}

/** Its spans carry their parent's ids (specification, trace/api.md, behaviour without an SDK). */
class NoopTracer extends TelltaleTracer {
  override start(
    _name: string,
    _kind: SpanKind,
    _options: SpanOptions,
    _context: ApiContext,
    parent: Span | undefined,
  ): Span {
    return parent === undefined ? INVALID_SPAN : new NonRecordingSpan(parent.spanContext());
  }
}

function withSpan(context: ApiContext, span: Span): ApiContext {
  if (context instanceof Context) return context.withSpan(span);
  try {
    return asContext(context.setValue(SPAN_KEY, span)) ?? ROOT_CONTEXT.withSpan(span);
  } catch {
    // An app's own context that doesn't work.
    return ROOT_CONTEXT.withSpan(span);
  }
}

/** What a sampler sees: no parent that isn't valid, and a clean one where it had to be cleaned. */
function withParent(context: ApiContext, parent: SpanContext | undefined): ApiContext {
  if (parent === undefined) return withoutSpan(context);
  return spanIn(context)?.spanContext() === parent
    ? context
    : context.setValue(SPAN_KEY, new NonRecordingSpan(parent));
}

function withoutSpan(context: ApiContext): ApiContext {
  return spanIn(context) === undefined ? context : context.deleteValue(SPAN_KEY);
}

function newSpanContext(
  traceId: string,
  parent: SpanContext | undefined,
  result: SamplingResult,
): SpanContext {
  const sampled = result.decision === RECORD_AND_SAMPLED ? SAMPLED_FLAG : 0;
  const random = parent === undefined ? RANDOM_FLAG : parent.traceFlags & RANDOM_FLAG;
  const traceState = result.traceState ?? parent?.traceState;
  return traceState === undefined
    ? { traceId, spanId: newSpanId(), traceFlags: sampled | random }
    : { traceId, spanId: newSpanId(), traceFlags: sampled | random, traceState };
}

/** The context of a parent that isn't ours, if its ids are valid. */
function validParentContext(parent: Span | undefined): SpanContext | undefined {
  if (parent === undefined) return undefined;
  const context = parent.spanContext();
  if (!hasValidIds(context)) return undefined;
  const { traceState, traceFlags } = context;
  const isClean =
    typeof traceFlags === "number" && (traceState === undefined || isTraceState(traceState));
  return isClean ? context : sanitizedContext(context);
}

/** Whether it does what samplers and exporters ask of it, also if another copy of the API, or the app, made it. */
function isTraceState(value: TraceState): boolean {
  try {
    if (value instanceof TraceStateImpl) return true;
    const own: unknown = value.get("ot");
    const isReadable = own === undefined || typeof own === "string";
    return isReadable && typeof value.serialize() === "string";
  } catch {
    return false;
  }
}

/** Of a context that breaks the rules, what keeps them. */
function sanitizedContext({
  traceId,
  spanId,
  traceFlags,
  isRemote,
  traceState,
}: SpanContext): SpanContext {
  return {
    traceId,
    spanId,
    traceFlags: typeof traceFlags === "number" ? traceFlags : 0,
    ...(isRemote === true && { isRemote }),
    ...(traceState !== undefined && isTraceState(traceState) && { traceState }),
  };
}

/** An app in JavaScript may pass anything; what is no text, number or symbol has no name. */
function spanName(name: unknown): string {
  if (typeof name === "string") return name;
  return typeof name === "number" || typeof name === "symbol" ? String(name) : "";
}

/** `SpanKind.INTERNAL` where it is none of the five. */
function kindOf(kind: unknown): SpanKind {
  return kind === 1 || kind === 2 || kind === 3 || kind === 4 ? kind : 0;
}
