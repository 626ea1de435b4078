import type {
  Attributes,
  Exception,
  HrTime,
  Link,
  Span,
  SpanContext,
  SpanKind,
  SpanStatus,
  TimeInput,
} from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { SpanLimits } from "../config/config.ts";
import type { AttributeParts, EncodableSpan } from "../export/otlp/otlp-protobuf.ts";
import {
  exactTimeOf,
  hrTimeOf,
  laterTime,
  monotonicOf,
  now,
  timeBetween,
  timeInputOf,
} from "../clock.ts";
import type { CallKind, CallTimes } from "../context/call-times.ts";
import type { KeepReason } from "../context/local-trace-handle.ts";
import { loopActivity } from "../loop-activity.ts";
import { propertyOf } from "../property.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { exceptionAttributes } from "./exception.ts";
import { linkContextOf } from "./link-context.ts";
import { LimitedAttributes, type AttributeLimits } from "./limited-attributes.ts";
import type { ExportState, LocalTrace } from "./local-trace.ts";
import {
  attributesOfPairs,
  type CachedAttributes,
  type LazyAttributes,
  limitedAttributesOf,
  MAX_INSTRUMENTATION_ATTRIBUTES,
} from "./span-attributes.ts";

/** `SpanStatusCode` of the API, without loading it. */
const STATUS_UNSET = 0;
const STATUS_OK = 1;
/** `SpanKind.INTERNAL` of the API, without loading it. */
const INTERNAL = 0;
export const STATUS_ERROR = 2;

/** State shared by all spans of one provider. */
export interface SpanSharedState {
  readonly resource: Resource;
  readonly limits: SpanLimits;
  readonly redactor: Redactor;
  /** The limits of a span's own attributes. */
  readonly attributeLimits: AttributeLimits;
  /** The app's processors. Export does not pass them: that is the local trace's. */
  readonly processors: readonly SpanProcessor[];
}

interface StoredEvent {
  readonly name: string;
  /** Milliseconds on the monotonic clock, or the pair that the app passed. */
  readonly at: number | HrTime;
  readonly limited: LimitedAttributes | undefined;
}

interface StoredLink {
  readonly context: SpanContext;
  readonly limited: LimitedAttributes | undefined;
}

const NO_STATUS: SpanStatus = { code: STATUS_UNSET };

/**
 * A recording span: the API's `Span` for the app, the SDK's `ReadableSpan` for
 * processors and exporters. It stores plain values and creates the objects that
 * exporters read when they are read.
 *
 * The constructor takes positions, not an object: it runs for every span.
 */
export class TelltaleSpan implements Span, ReadableSpan, EncodableSpan {
  name: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  readonly instrumentationScope: InstrumentationScope;
  readonly localTrace: LocalTrace<TelltaleSpan>;
  /** Milliseconds on the monotonic clock. */
  readonly startedAt: number;
  #endedAt = -1;
  /** Start and end to the nanosecond, if the app passed one of them as a pair. */
  #exactTimes: { start: HrTime; end: HrTime } | undefined = undefined;
  status: SpanStatus = NO_STATUS;
  /** Set by the local trace. */
  exportState: ExportState = undefined;
  /** What only the viewer receives, names and values in turn (`development/span-data.ts`). */
  viewerAttributes: unknown[] | undefined = undefined;
  readonly #context: SpanContext;
  readonly #sharedState: SpanSharedState;
  #appAttributes: LimitedAttributes | undefined = undefined;
  #instrumentationAttributes: LazyAttributes | undefined = undefined;
  /** The attributes of an exported span, cached: serializers read them more than once. */
  #finalAttributes: Attributes | undefined = undefined;
  #events: StoredEvent[] | undefined = undefined;
  #links: StoredLink[] | undefined = undefined;
  #droppedEvents = 0;
  #droppedLinks = 0;
  /** The times of the calls of its unit of work, if the span is one of them. */
  #callTimes: CallTimes | undefined = undefined;
  #callKind: CallKind = "outgoing";

  constructor(
    name: string,
    kind: SpanKind,
    context: SpanContext,
    parent: SpanContext | undefined,
    scope: InstrumentationScope,
    sharedState: SpanSharedState,
    localTrace: LocalTrace<TelltaleSpan>,
    startedAt: number,
  ) {
    this.name = name;
    this.kind = kind;
    this.#context = context;
    if (parent !== undefined) this.parentSpanContext = parent;
    this.instrumentationScope = scope;
    this.#sharedState = sharedState;
    this.localTrace = localTrace;
    this.startedAt = startedAt;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  isRecording(): boolean {
    return this.#endedAt === -1;
  }

  setAttribute(key: string, value: unknown): this {
    if (this.#endedAt === -1)
      this.#writableAttributes().set(key, value, this.#sharedState.attributeLimits);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    if (this.#endedAt === -1) {
      this.#writableAttributes().setAll(attributes, this.#sharedState.attributeLimits);
    }
    return this;
  }

  /** Adds its time to that of the calls of its unit of work. */
  timeCall(times: CallTimes, kind: CallKind): void {
    this.#callTimes = times;
    this.#callKind = kind;
    times.started(kind, this.startedAt);
  }

  keepTrace(reason: KeepReason): void {
    this.localTrace.keep(reason, this);
  }

  /** Sets an attribute, also after the end as long as the span is not exported. */
  annotate(key: string, value: unknown): void {
    if (this.exportState !== "exported")
      this.#writableAttributes().set(key, value, this.#sharedState.attributeLimits);
  }

  /** Sets the attributes of the instrumentation, which are valid and few; the app's attributes override them. */
  setInstrumentationAttributes(lazyAttributes: LazyAttributes): void {
    this.#instrumentationAttributes = lazyAttributes;
  }

  /** Adds an event, also after the end. Once an exporter has read the span it has no effect. */
  addLateEvent(name: string, attributes: Attributes, time: TimeInput): void {
    this.#addEvent(name, attributes, time);
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    return this.#endedAt === -1 ? this.#addEvent(name, attributesOrTime, time) : this;
  }

  #addEvent(
    name: string,
    attributesOrTime: Attributes | TimeInput | undefined,
    time: TimeInput | undefined,
  ): this {
    const limit = this.#sharedState.limits.eventCount;
    const events = (this.#events ??= []);
    if (events.length >= limit) {
      this.#droppedEvents++;
      // Drops the oldest, as the SDK does: the last events show how the span ended.
      if (limit === 0) return this;
      events.shift();
    }
    const ownTime = timeInputOf(attributesOrTime);
    const at = timeInputOf(time) ?? ownTime;
    events.push({
      name: typeof name === "string" ? name : "",
      at: exactTimeOf(at) ?? this.#monotonicTime(at),
      limited:
        ownTime === undefined
          ? limitedAttributesOf(
              attributesOrTime,
              this.#sharedState.limits.attributesPerEvent,
              this.#sharedState.limits,
            )
          : undefined,
    });
    return this;
  }

  /** Adds a link; one without valid ids is ignored. */
  addLink(link: Link): this {
    if (this.#endedAt !== -1) return this;
    const context = linkContextOf(link);
    if (context === undefined) return this;
    const limit = this.#sharedState.limits.linkCount;
    const links = (this.#links ??= []);
    if (links.length >= limit) {
      this.#droppedLinks++;
      if (limit === 0) return this;
      links.shift();
    }
    const { attributesPerLink } = this.#sharedState.limits;
    const attributes = propertyOf(link, "attributes");
    links.push({
      context,
      limited: limitedAttributesOf(attributes, attributesPerLink, this.#sharedState.limits),
    });
    return this;
  }

  addLinks(links: Link[]): this {
    try {
      for (const link of links) this.addLink(link);
    } catch {
      // Not a list, or one that can't be read.
    }
    return this;
  }

  /** Sets the status: UNSET never overwrites, OK is final (API specification, Set Status). */
  setStatus(status: SpanStatus): this {
    if (this.#endedAt !== -1 || this.status.code === STATUS_OK) return this;
    const code = propertyOf(status, "code");
    if (code === STATUS_OK) this.status = { code };
    if (code !== STATUS_ERROR) return this;
    const message = propertyOf(status, "message");
    this.status =
      typeof message === "string"
        ? { code, message: this.#sharedState.redactor.text(message) }
        : { code };
    return this;
  }

  updateName(name: string): this {
    if (this.#endedAt === -1 && typeof name === "string")
      this.name = this.#sharedState.redactor.text(name);
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const attributes = exceptionAttributes(exception);
    if (attributes === undefined) return;
    this.addEvent("exception", attributes, time);
  }

  end(endTime?: TimeInput): void {
    const validTime = endTime === undefined ? undefined : timeInputOf(endTime);
    this.endAt(this.#monotonicTime(validTime), exactTimeOf(validTime));
  }

  /**
   * Ends the span.
   *
   * @param time in milliseconds on the monotonic clock.
   * @param exact the same to the nanosecond, if the app passed a pair.
   */
  endAt(time: number, exact?: HrTime): void {
    if (this.#endedAt !== -1) return;
    const endedAt = Math.max(time, this.startedAt);
    const { processors } = this.#sharedState;
    for (const processor of processors) processor.onEnding?.(this);
    this.#endedAt = endedAt;
    this.#callTimes?.ended(this.#callKind, endedAt);
    if (this.kind === INTERNAL) loopActivity.called(time, this.localTrace);
    else loopActivity.occurred(time, this.localTrace);
    if (exact !== undefined || this.#exactTimes !== undefined) this.#setExactEnd(exact);
    for (const processor of processors) processor.onEnd(this);
    this.localTrace.onEnd(this, endedAt - this.startedAt);
  }

  get failed(): boolean {
    return this.status.code === STATUS_ERROR;
  }

  get ended(): boolean {
    return this.#endedAt !== -1;
  }

  get startTime(): HrTime {
    return this.#exactTimes?.start ?? hrTimeOf(this.localTrace.wallClockOrigin + this.startedAt);
  }

  get endTime(): HrTime {
    if (this.#endedAt === -1) return [0, 0];
    return this.#exactTimes?.end ?? hrTimeOf(this.localTrace.wallClockOrigin + this.#endedAt);
  }

  get duration(): HrTime {
    if (this.#endedAt === -1) return [-1, -1];
    const exactTimes = this.#exactTimes;
    return exactTimes === undefined
      ? hrTimeOf(this.#endedAt - this.startedAt)
      : timeBetween(exactTimes.start, exactTimes.end);
  }

  /** Called by the tracer with the time that `startedAt` was computed from. */
  setExactStart(time: TimeInput): void {
    const start = exactTimeOf(time);
    if (start !== undefined) this.#exactTimes = { start, end: start };
  }

  #setExactEnd(exact: HrTime | undefined): void {
    const { startTime: start } = this;
    const end = exact ?? hrTimeOf(this.localTrace.wallClockOrigin + this.#endedAt);
    this.#exactTimes = { start, end: laterTime(start, end) };
  }

  get resource(): Resource {
    return this.#sharedState.resource;
  }

  /** The SDK 1.x has this in place of `parentSpanContext`, which its processors and exporters don't know. */
  get parentSpanId(): string | undefined {
    return this.parentSpanContext?.spanId;
  }

  /** The SDK 1.x has this in place of `instrumentationScope`. */
  get instrumentationLibrary(): InstrumentationScope {
    return this.instrumentationScope;
  }

  get attributes(): Attributes {
    // Until then a keep decision can add some, after a processor of the app has read them.
    if (this.exportState !== "exported") return this.#collectAttributes();
    return (this.#finalAttributes ??= this.#collectAttributes());
  }

  get events(): ReadableSpan["events"] {
    return (this.#events ?? []).map(({ name, at, limited }) => ({
      name: this.#sharedState.redactor.text(name),
      time: typeof at === "number" ? hrTimeOf(this.localTrace.wallClockOrigin + at) : at,
      attributes: this.#withoutSecrets(limited),
      droppedAttributesCount: limited?.dropped ?? 0,
    }));
  }

  get links(): Link[] {
    return (this.#links ?? []).map(({ context, limited }) => ({
      context,
      attributes: this.#withoutSecrets(limited),
      droppedAttributesCount: limited?.dropped ?? 0,
    }));
  }

  get droppedAttributesCount(): number {
    return this.#appAttributes?.dropped ?? 0;
  }

  get droppedEventsCount(): number {
    return this.#droppedEvents;
  }

  get droppedLinksCount(): number {
    return this.#droppedLinks;
  }

  /** Returns the attributes for encoders that cache the bytes of shared ones (`export/otlp/otlp-protobuf.ts`). */
  attributeParts(): AttributeParts | undefined {
    const lazyAttributes = this.#instrumentationAttributes;
    if (lazyAttributes === undefined || this.#appAttributes !== undefined || this.#isLimited())
      return undefined;
    const sampling = this.localTrace.samplingAttributes(this);
    const ownPairs = this.#withoutSecretPairs(lazyAttributes.ownPairs());
    if (sampling !== undefined) for (const pair of Object.entries(sampling)) ownPairs.push(...pair);
    const parts = lazyAttributes.cachedParts().map((part) => this.#withoutSecretPart(part));
    return { cachedParts: parts, ownPairs };
  }

  get startedAtMs(): number | HrTime {
    return this.#exactTimes?.start ?? this.localTrace.wallClockOrigin + this.startedAt;
  }

  get endedAtMs(): number | HrTime {
    return this.#exactTimes?.end ?? this.localTrace.wallClockOrigin + this.#endedAt;
  }

  get hasNoEventsOrLinks(): boolean {
    return (
      this.#events === undefined &&
      this.#links === undefined &&
      this.#droppedEvents === 0 &&
      this.#droppedLinks === 0
    );
  }

  #collectAttributes(): Attributes {
    const own = this.#withoutSecrets(this.#appAttributes);
    const sampling = this.localTrace.samplingAttributes(this);
    const lazyAttributes = this.#instrumentationAttributes;
    if (lazyAttributes === undefined && sampling === undefined) return own;
    const all: Attributes =
      lazyAttributes === undefined
        ? {}
        : attributesOfPairs(this.#withoutSecretPairs(lazyAttributes.ownPairs()));
    for (const { attributes } of lazyAttributes?.cachedParts() ?? [])
      Object.assign(all, this.#sharedState.redactor.shared(attributes));
    return this.#withinLimits(Object.assign(all, own, sampling));
  }

  /** Removes secrets from texts that clients have sent, which the user's policy may name. */
  #withoutSecretPairs(pairs: unknown[]): unknown[] {
    const { redactor } = this.#sharedState;
    for (let at = 1; at < pairs.length; at += 2) {
      const name = pairs[at - 1];
      // Each request has another one, and its form is checked where it is received.
      if (typeof pairs[at] !== "string" || name === "telltale.request.id") continue;
      pairs[at] = redactor.field(name as string, pairs[at]);
    }
    return pairs;
  }

  #withoutSecretPart(part: CachedAttributes): CachedAttributes {
    const attributes = this.#sharedState.redactor.shared(part.attributes);
    return attributes === part.attributes ? part : { attributes };
  }

  /** Returns attributes of the app without secrets. */
  #withoutSecrets(limited: LimitedAttributes | undefined): Attributes {
    if (limited === undefined) return {};
    return this.#sharedState.redactor.attributes(limited.values);
  }

  /** Applies the limits to the instrumentation's attributes too; by default none is ever reached. */
  #withinLimits(attributes: Attributes): Attributes {
    if (!this.#isLimited()) return attributes;
    const limited = new LimitedAttributes();
    limited.setAll(attributes, this.#sharedState.attributeLimits);
    return limited.values;
  }

  /** A method: V8 reads a private getter through its runtime. */
  #isLimited(): boolean {
    const { count, length } = this.#sharedState.attributeLimits;
    return count < MAX_INSTRUMENTATION_ATTRIBUTES || length !== Infinity;
  }

  #writableAttributes(): LimitedAttributes {
    return (this.#appAttributes ??= new LimitedAttributes());
  }

  #monotonicTime(time: TimeInput | undefined): number {
    return time === undefined ? now() : monotonicOf(time, this.localTrace.wallClockOrigin);
  }
}
