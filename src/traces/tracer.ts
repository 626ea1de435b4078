import type {
  Attributes,
  Context as ApiContext,
  Link,
  Span,
  SpanContext,
  SpanKind,
  SpanOptions,
  Tracer,
} from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type {
  ReadableSpan,
  Sampler,
  SamplingResult,
  SpanProcessor,
} from "@opentelemetry/sdk-trace";
import {
  Context,
  asContext,
  isTracingSuppressed,
  ROOT_CONTEXT,
  spanIn,
  SPAN_KEY,
} from "../context/context.ts";
import { activeContext, runWithContext } from "../context/manager.ts";
import { callKindOf } from "../context/call-times.ts";
import { endProcessContext, isProcessSpan } from "../context/process/process-context.ts";
import { callTimesIn, localTraceSlotIn } from "../context/unit-access.ts";
import { monotonicOf, now, timeInputOf, wallClockOriginAt } from "../clock.ts";
import { newTraceId } from "./ids.ts";
import { LocalTrace, type TraceSink } from "./local-trace.ts";
import { NonRecordingSpan, TimedNonRecordingSpan } from "./non-recording-span.ts";
import { NOT_RECORD } from "./sampling/decision.ts";
import { probabilityOf } from "./sampling/sampler.ts";
import { loopActivity } from "../loop-activity.ts";
import type { RecordedSpan } from "./own-tracer.ts";
import { newSpanContext, validParentContext } from "./span-context.ts";
import { type SpanSharedState, TelltaleSpan } from "./span.ts";
import { SAMPLED_FLAG } from "./trace-flags.ts";

const INVALID_TRACE_ID = "00000000000000000000000000000000";
const INVALID_SPAN_ID = "0000000000000000";

/** Values of the API's `SpanKind`, without loading it. */
const SERVER = 1;
const CLIENT = 2;
const CONSUMER = 4;

const NO_ATTRIBUTES: Attributes = Object.freeze({});
const NO_OPTIONS: SpanOptions = Object.freeze({});
const NO_LINKS: Link[] = [];

export const INVALID_SPAN: Span = new NonRecordingSpan({
  traceId: INVALID_TRACE_ID,
  spanId: INVALID_SPAN_ID,
  traceFlags: 0,
});

/** State shared by all tracers of one provider. */
export interface TracerSharedState extends SpanSharedState {
  sampler: Sampler;
  /** Whether the sampler reads attributes: those of OpenTelemetry don't. */
  readsAttributes: boolean;
  /** Those of an extension are added later. */
  readonly processors: SpanProcessor[];
  readonly sink: TraceSink<TelltaleSpan>;
  /**
   * Whether traces that head sampling drops are recorded, for the keep decision
   * of their local trace. False if none can be kept (no exporter, `always_off`).
   */
  tailSamples: boolean;
  /** Returns the probability with which head sampling keeps a trace with this parent; undefined if unknown. */
  probabilityOf: (parent: SpanContext | undefined) => number | undefined;
  /** Whether a tracer records anything. Undefined: all do. */
  readonly isEnabled?: ((name: string) => boolean) | undefined;
  /** Called with each client span that starts. Must not throw. */
  readonly onClientSpan: OnClientSpan | undefined;
}

export type OnClientSpan = (span: ReadableSpan, context: ApiContext) => void;

/** The API's `Tracer`. No call of it throws (specification, error-handling.md). */
export class TelltaleTracer implements Tracer {
  readonly #scope: InstrumentationScope;
  readonly #sharedState: TracerSharedState;

  constructor(scope: InstrumentationScope, sharedState: TracerSharedState) {
    this.#scope = scope;
    this.#sharedState = sharedState;
  }

  /** Starts a span; options that can't be read are left out. */
  startSpan(name: string, options?: SpanOptions, context?: ApiContext): Span {
    const active = asContext(context) ?? activeContext();
    const text = this.#sharedState.redactor.text(spanName(name));
    try {
      return this.#startSpan(text, options ?? NO_OPTIONS, active);
    } catch {
      // A getter among the options threw, or a third-party sampler or processor.
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
    this.notifyStart(span, parentContext);
    return span;
  }

  /** Whether the sampler is the app's, which may decide by the attributes of a span at its start. */
  get readsAttributes(): boolean {
    return this.#sharedState.readsAttributes;
  }

  /** Passes a started span to the app's processors: the caller of `start` does so once it has its attributes. */
  notifyStart(span: RecordedSpan, context: ApiContext): void {
    for (const processor of this.#sharedState.processors)
      processor.onStart(span as TelltaleSpan, context);
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
    return callInSpan(this, name, rest);
  }

  /**
   * Starts a span for the instrumentations: without links and attributes, under a known parent.
   * The caller passes it to `notifyStart`.
   *
   * @param currentTime on the monotonic clock; for callers that have read it for a metric of the same work.
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
    const localParent = parent instanceof TelltaleSpan ? parent : undefined;
    const parentContext = localParent?.spanContext() ?? validParentContext(parentOf(kind, parent));
    const traceId = parentContext?.traceId ?? newTraceId();
    const result = this.#sharedState.sampler.shouldSample(
      localParent === undefined ? withParent(context, parentContext) : context,
      traceId,
      name,
      kind,
      options.attributes ?? NO_ATTRIBUTES,
      options.links ?? NO_LINKS,
    );
    const spanContext = newSpanContext(traceId, parentContext, result);
    if (!this.#shouldRecord(result, localParent))
      return nonRecordingSpan(spanContext, kind, options, context, currentTime);
    const localTrace =
      localParent?.localTrace ?? this.#createLocalTrace(spanContext, parentContext, currentTime);
    const startTime = options.startTime === undefined ? undefined : timeInputOf(options.startTime);
    const span = new TelltaleSpan(
      name,
      kind,
      spanContext,
      parentContext,
      this.#scope,
      this.#sharedState,
      localTrace,
      startTime === undefined ? currentTime : monotonicOf(startTime, localTrace.wallClockOrigin),
    );
    if (startTime !== undefined) span.setExactStart(startTime);
    this.#attach(span, localParent === undefined, options, context, currentTime);
    return result.attributes === undefined ? span : span.setAttributes(result.attributes);
  }

  /** Attaches a span to its unit of work: a root with its local trace, a call with its time. */
  #attach(
    span: TelltaleSpan,
    isRoot: boolean,
    { attributes }: SpanOptions,
    context: ApiContext,
    currentTime: number,
  ): void {
    if (isRoot) this.#attachRoot(span, context);
    // A sampler of the app may select a span below one that it has not selected.
    else if (this.#sharedState.readsAttributes && isSampled(span)) span.exportState = "pinned";
    noteStart(span.kind, currentTime, span.localTrace);
    if (span.kind !== CLIENT) return;
    this.#sharedState.onClientSpan?.(span, context);
    const times = callTimesIn(context);
    if (times !== undefined) span.timeCall(times, callKindOf(attributes));
  }

  /**
   * Decides whether to record a span. One that head sampling drops is recorded
   * too, for the keep decision of its local trace, unless its parent is sampled:
   * then the sampler means this span.
   */
  #shouldRecord(result: SamplingResult, localParent: TelltaleSpan | undefined): boolean {
    if (result.decision !== NOT_RECORD) return true;
    if (localParent !== undefined && isSampled(localParent)) return false;
    return this.#sharedState.tailSamples;
  }

  #createLocalTrace(
    { traceFlags, traceState }: SpanContext,
    parentContext: SpanContext | undefined,
    currentTime: number,
  ): LocalTrace<TelltaleSpan> {
    const { sink, probabilityOf: headProbabilityOf } = this.#sharedState;
    return new LocalTrace(
      sink,
      (traceFlags & SAMPLED_FLAG) !== 0,
      probabilityOf(traceState) ?? headProbabilityOf(parentContext),
      wallClockOriginAt(currentTime),
    );
  }

  #attachRoot(root: TelltaleSpan, context: ApiContext): void {
    const { localTrace } = root;
    localTrace.root = root;
    const unit = localTraceSlotIn(context);
    if (unit !== undefined) unit.localTrace ??= localTrace;
  }
}

/** Creates non-recording spans with the ids of their parent (specification, trace/api.md, behaviour without an SDK). */
export class NoopTracer extends TelltaleTracer {
  override start(
    _name: string,
    kind: SpanKind,
    options: SpanOptions,
    context: ApiContext,
    parent: Span | undefined,
    currentTime: number = now(),
  ): Span {
    if (isTracingSuppressed(context)) return INVALID_SPAN;
    return nonRecordingSpan(
      parentOf(kind, parent)?.spanContext(),
      kind,
      options,
      context,
      currentTime,
    );
  }
}

/**
 * Returns the parent of a span. Requests and messages arrive by themselves: the span of the
 * environment of the process is no parent of them and, after the first one, of no other span.
 */
export function parentOf(kind: SpanKind, parent: Span | undefined): Span | undefined {
  if (kind !== SERVER && kind !== CONSUMER) return parent;
  endProcessContext();
  return isProcessSpan(parent) ? undefined : parent;
}

/** Creates a span that is not recorded. As a call, it still counts for its unit of work. */
function nonRecordingSpan(
  spanContext: SpanContext | undefined,
  kind: SpanKind,
  { attributes }: SpanOptions,
  context: ApiContext,
  currentTime: number,
): Span {
  noteStart(kind, currentTime, undefined);
  const times = kind === CLIENT ? callTimesIn(context) : undefined;
  if (times !== undefined) {
    return new TimedNonRecordingSpan(
      spanContext ?? INVALID_SPAN.spanContext(),
      times,
      callKindOf(attributes),
      currentTime,
    );
  }
  return spanContext === undefined ? INVALID_SPAN : new NonRecordingSpan(spanContext);
}

/** Requests and messages arrive; the app's code starts all other spans. */
function noteStart(kind: SpanKind, at: number, trace: object | undefined): void {
  if (kind === SERVER || kind === CONSUMER) loopActivity.occurred(at, undefined);
  else loopActivity.called(at, trace);
}

/** Calls the last of the arguments of `startActiveSpan` in a new span of the tracer. */
export function callInSpan<F extends (span: Span) => unknown>(
  tracer: Pick<Tracer, "startSpan">,
  name: string,
  rest: readonly unknown[],
): ReturnType<F> {
  const callback = rest.at(-1) as F;
  if (typeof callback !== "function") return undefined as ReturnType<F>;
  const options = (rest.length > 1 ? rest[0] : undefined) as SpanOptions | undefined;
  const context = asContext(rest.length > 2 ? rest[1] : undefined) ?? activeContext();
  const span = tracer.startSpan(name, options, context);
  return runWithContext(withSpan(context, span), () => callback(span)) as ReturnType<F>;
}

function withSpan(context: ApiContext, span: Span): ApiContext {
  if (context instanceof Context) return context.withSpan(span);
  try {
    return asContext(context.setValue(SPAN_KEY, span)) ?? ROOT_CONTEXT.withSpan(span);
  } catch {
    // The app's own implementation of a context failed.
    return ROOT_CONTEXT.withSpan(span);
  }
}

/** Returns the context for the sampler: its span is the valid or sanitized parent, if any. */
function withParent(context: ApiContext, parent: SpanContext | undefined): ApiContext {
  if (parent === undefined) return withoutSpan(context);
  return spanIn(context)?.spanContext() === parent
    ? context
    : context.setValue(SPAN_KEY, new NonRecordingSpan(parent));
}

function withoutSpan(context: ApiContext): ApiContext {
  return spanIn(context) === undefined ? context : context.deleteValue(SPAN_KEY);
}

/** Returns the name as a string: an app in JavaScript may pass anything. */
function spanName(name: unknown): string {
  if (typeof name === "string") return name;
  return typeof name === "number" || typeof name === "symbol" ? String(name) : "";
}

/** Returns `SpanKind.INTERNAL` for anything but the five kinds. */
function kindOf(kind: unknown): SpanKind {
  return kind === 1 || kind === 2 || kind === 3 || kind === 4 ? kind : 0;
}

function isSampled(span: TelltaleSpan): boolean {
  return (span.spanContext().traceFlags & SAMPLED_FLAG) !== 0;
}
