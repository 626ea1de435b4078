import type { Span, SpanContext } from "@opentelemetry/api";
import { now } from "../clock.ts";
import type { CallKind, CallTimes } from "../context/call-times.ts";

/** A non-recording span: propagates its span context only. */
export class NonRecordingSpan implements Span {
  readonly #context: SpanContext;

  constructor(context: SpanContext) {
    this.#context = context;
  }

  spanContext(): SpanContext {
    return this.#context;
  }
  isRecording(): boolean {
    return false;
  }
  setAttribute(): this {
    return this;
  }
  setAttributes(): this {
    return this;
  }
  addEvent(): this {
    return this;
  }
  addLink(): this {
    return this;
  }
  addLinks(): this {
    return this;
  }
  setStatus(): this {
    return this;
  }
  updateName(): this {
    return this;
  }
  end(): void {}
  recordException(): void {}
}

/** A span that is not recorded, of a call whose time counts for its unit of work. */
export class TimedNonRecordingSpan extends NonRecordingSpan {
  readonly #kind: CallKind;
  #times: CallTimes | undefined;

  constructor(context: SpanContext, times: CallTimes, kind: CallKind, startedAt: number) {
    super(context);
    this.#kind = kind;
    this.#times = times;
    times.started(kind, startedAt);
  }

  override end(): void {
    this.#times?.ended(this.#kind, now());
    this.#times = undefined;
  }
}
