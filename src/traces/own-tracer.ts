import type {
  Context as ApiContext,
  Span,
  SpanKind,
  SpanOptions,
  Tracer,
  TracerOptions,
  TracerProvider,
} from "@opentelemetry/api";
import { isOwnSpan, type OwnSpan } from "../context/local-trace-handle.ts";
import type { FlushOptions } from "../export/provider-flush.ts";
import type { LazyAttributes } from "./span-attributes.ts";

/** A recorded span, as the layers that create units of work see it. */
export interface RecordedSpan extends OwnSpan {
  /** Whether its status is an error. */
  readonly failed: boolean;
  /** Sets the attributes of the instrumentation, which are valid and few; the app's attributes override them. */
  setInstrumentationAttributes(attributes: LazyAttributes): void;
  /** @param time in milliseconds on the monotonic clock. */
  endAt(time: number): void;
}

/** Whether a span is one of the preload's tracers, and is recorded. */
export function isRecordedSpan(span: Span): span is RecordedSpan {
  return isOwnSpan(span);
}

/** The API's `Tracer`, with a faster way in for the preload's own instrumentations. */
export interface OwnTracer extends Tracer {
  /**
   * Starts a span without links under a known parent.
   *
   * @param currentTime on the monotonic clock.
   */
  start(
    name: string,
    kind: SpanKind,
    options: SpanOptions,
    context: ApiContext,
    parent: Span | undefined,
    currentTime?: number,
  ): Span;
  /** Whether the sampler may decide by the attributes of a span at its start. */
  readonly readsAttributes: boolean;
  /** Passes a span of `start` to the app's processors, once it has its attributes. */
  notifyStart(span: RecordedSpan, context: ApiContext): void;
}

/** The API's `TracerProvider` with the SDK's additional methods. */
export interface OwnTracerProvider extends TracerProvider {
  getTracer(name: string, version?: string, options?: TracerOptions): OwnTracer;
  forceFlush(options?: FlushOptions): Promise<void>;
  shutdown(options?: FlushOptions): Promise<void>;
}
