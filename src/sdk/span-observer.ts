import type { Context as ApiContext } from "@opentelemetry/api";
import type { ReadableSpan, Span, SpanProcessor } from "@opentelemetry/sdk-trace";
import { now } from "../clock.ts";
import { type CallKind, type CallTimes, callKindOf } from "../context/call-times.ts";
import { spanIn } from "../context/context.ts";
import { isOwnSpan } from "../context/local-trace-handle.ts";
import { callTimesIn, localTraceSlotIn } from "../context/unit-access.ts";
import { loopActivity } from "../loop-activity.ts";
import { STATUS_ERROR } from "../traces/span.ts";
import type { OnClientSpan } from "../traces/tracer.ts";
import { SAMPLED_FLAG } from "../traces/trace-flags.ts";
import { addInstrumentationAttributes, extendSpan, SdkLocalTrace } from "./own-span.ts";

/** Values of the API's `SpanKind`. */
const INTERNAL = 0;
const SERVER = 1;
const CLIENT = 2;
const CONSUMER = 4;

interface Call {
  readonly times: CallTimes;
  readonly kind: CallKind;
}

/** What others of the preload do with spans. They are known after the SDK has started. */
export interface SpanObservers {
  readonly processors: readonly SpanProcessor[];
  readonly onClientSpan: OnClientSpan | undefined;
}

/**
 * Attaches the SDK's spans to the units of work, as telltale's tracer does with its
 * own: the local trace, the times of calls, the breadcrumbs.
 */
export class SpanObserver implements SpanProcessor {
  observers: SpanObservers = { processors: [], onClientSpan: undefined };
  readonly #calls = new WeakMap<object, Call>();

  /** Passes all later spans to a processor. */
  add(processor: SpanProcessor): void {
    const { processors } = this.observers;
    this.observers = { ...this.observers, processors: [...processors, processor] };
  }

  /** Flushes the processors, which the flush of the SDK's provider doesn't know. */
  async flushProcessors(): Promise<void> {
    await Promise.allSettled(
      this.observers.processors.map(async (processor) => processor.forceFlush()),
    );
  }

  onStart(span: Span, parentContext: ApiContext): void {
    const parent = spanIn(parentContext);
    const ownParent = parent !== undefined && isOwnSpan(parent) ? parent : undefined;
    const isSampled = (span.spanContext().traceFlags & SAMPLED_FLAG) !== 0;
    const localTrace = ownParent?.localTrace ?? new SdkLocalTrace(isSampled);
    extendSpan(span, localTrace);
    const unit = ownParent === undefined ? localTraceSlotIn(parentContext) : undefined;
    if (unit !== undefined) unit.localTrace ??= localTrace;
    const at = now();
    if (span.kind === SERVER || span.kind === CONSUMER) loopActivity.occurred(at, undefined);
    else loopActivity.called(at, localTrace);
    if (span.kind === CLIENT) this.#onCall(span, parentContext, at);
    for (const processor of this.observers.processors) processor.onStart(span, parentContext);
  }

  onEnding(span: Span): void {
    addInstrumentationAttributes(span);
    for (const processor of this.observers.processors) processor.onEnding?.(span);
  }

  onEnd(span: ReadableSpan): void {
    const { localTrace } = span as unknown as { readonly localTrace: SdkLocalTrace };
    if (span.status.code === STATUS_ERROR) localTrace.hasFailedSpan = true;
    const at = now();
    const call = this.#calls.get(span);
    call?.times.ended(call.kind, at);
    if (span.kind === INTERNAL) loopActivity.called(at, localTrace);
    else loopActivity.occurred(at, localTrace);
    for (const processor of this.observers.processors) processor.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  #onCall(span: Span, context: ApiContext, at: number): void {
    this.observers.onClientSpan?.(span, context);
    const times = callTimesIn(context);
    if (times === undefined) return;
    const kind = callKindOf(span.attributes);
    times.started(kind, at);
    this.#calls.set(span, { times, kind });
  }
}
