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
import type { AttributePart, NamesAndValues } from "../export/encoded-item.ts";
import type { AttributeParts, PartedSpan } from "../export/messages.ts";
import { AttributeBag, type AttributeLimits } from "./attributes.ts";
import {
  exactTimeOf,
  hrTimeOf,
  laterTime,
  monotonicOf,
  now,
  timeBetween,
  timeInputOf,
} from "../clock.ts";
import { propertyOf } from "../property.ts";
import { exceptionAttributes } from "./exception.ts";
import { linkContextOf } from "./link-context.ts";
import type { LocalTrace } from "./local-trace.ts";

/** `SpanStatusCode` of the API, without loading it. */
const STATUS_UNSET = 0;
const STATUS_OK = 1;
export const STATUS_ERROR = 2;

/** What all spans of one provider share. */
export interface SpanSettings {
  readonly resource: Resource;
  readonly limits: SpanLimits;
  /** The two of the limits that hold for a span's own attributes. */
  readonly attributeLimits: AttributeLimits;
  /** Processors of others; our own way out is the local trace. */
  readonly processors: readonly SpanProcessor[];
}

export type { AttributePart };

/** Attributes that are worked out only when somebody reads them, at export. */
export interface AttributeSource {
  /** What many spans share: frozen, and the same objects for all of them. */
  shared(): readonly AttributePart[];
  /** The rest, names and values in turn; no name stands in two places. The array is the caller's. */
  own(): unknown[];
}

/** More attributes than any instrumentation of ours sets. */
const MOST_OF_OURS = 40;

interface Event {
  readonly name: string;
  /** On our clock; a pair is kept as it was given. */
  readonly at: number | HrTime;
  readonly bag: AttributeBag | undefined;
}

interface StoredLink {
  readonly context: SpanContext;
  readonly bag: AttributeBag | undefined;
}

const NO_STATUS: SpanStatus = { code: STATUS_UNSET };

/**
 * Our span: the API's `Span` to the app, OpenTelemetry's `ReadableSpan` to
 * processors and exporters. While it lives it holds plain values; the shapes
 * that exporters want are made when they ask.
 */
export class TelltaleSpan implements Span, ReadableSpan, PartedSpan {
  name: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  readonly instrumentationScope: InstrumentationScope;
  readonly localTrace: LocalTrace<TelltaleSpan>;
  /** Milliseconds on our clock. */
  readonly startedAt: number;
  #endedAt = -1;
  /** Start and end to the nanosecond, where the app gave one of them as a pair. */
  #exact: { start: HrTime; end: HrTime } | undefined = undefined;
  status: SpanStatus = NO_STATUS;
  readonly #context: SpanContext;
  readonly #settings: SpanSettings;
  #bag: AttributeBag | undefined = undefined;
  #source: AttributeSource | undefined = undefined;
  /** The attributes of an ended span: serialisers read them more than once. */
  #final: Attributes | undefined = undefined;
  #events: Event[] | undefined = undefined;
  #links: StoredLink[] | undefined = undefined;
  #droppedEvents = 0;
  #droppedLinks = 0;

  constructor(
    name: string,
    kind: SpanKind,
    context: SpanContext,
    parent: SpanContext | undefined,
    scope: InstrumentationScope,
    settings: SpanSettings,
    localTrace: LocalTrace<TelltaleSpan>,
    startedAt: number,
  ) {
    this.name = name;
    this.kind = kind;
    this.#context = context;
    if (parent !== undefined) this.parentSpanContext = parent;
    this.instrumentationScope = scope;
    this.#settings = settings;
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
    if (this.#endedAt === -1) this.#attributeBag().set(key, value, this.#settings.attributeLimits);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    if (this.#endedAt === -1) {
      this.#attributeBag().setAll(attributes, this.#settings.attributeLimits);
    }
    return this;
  }

  /** Attributes of the instrumentation itself, valid and few; the app's own win over them. */
  setSource(source: AttributeSource): void {
    this.#source = source;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.#endedAt !== -1) return this;
    const limit = this.#settings.limits.eventCount;
    const events = (this.#events ??= []);
    if (events.length >= limit) {
      this.#droppedEvents++;
      // The oldest goes, as in the SDK: the last events tell how it ended.
      if (limit === 0) return this;
      events.shift();
    }
    const ownTime = timeInputOf(attributesOrTime);
    const at = timeInputOf(time) ?? ownTime;
    events.push({
      name: typeof name === "string" ? name : "",
      at: exactTimeOf(at) ?? this.#at(at),
      bag:
        ownTime === undefined
          ? bagOf(attributesOrTime, this.#settings.limits.attributesPerEvent, this.#settings.limits)
          : undefined,
    });
    return this;
  }

  /** A link without ids is none. */
  addLink(link: Link): this {
    if (this.#endedAt !== -1) return this;
    const context = linkContextOf(link);
    if (context === undefined) return this;
    const limit = this.#settings.limits.linkCount;
    const links = (this.#links ??= []);
    if (links.length >= limit) {
      this.#droppedLinks++;
      if (limit === 0) return this;
      links.shift();
    }
    const { attributesPerLink } = this.#settings.limits;
    const attributes = propertyOf(link, "attributes");
    links.push({ context, bag: bagOf(attributes, attributesPerLink, this.#settings.limits) });
    return this;
  }

  addLinks(links: Link[]): this {
    try {
      for (const link of links) this.addLink(link);
    } catch {
      // No list, or one that can't be read.
    }
    return this;
  }

  /** UNSET never overwrites, OK is final (API specification, Set Status). */
  setStatus(status: SpanStatus): this {
    if (this.#endedAt !== -1 || this.status.code === STATUS_OK) return this;
    const code = propertyOf(status, "code");
    if (code === STATUS_OK) this.status = { code };
    if (code !== STATUS_ERROR) return this;
    const message = propertyOf(status, "message");
    this.status = typeof message === "string" ? { code, message } : { code };
    return this;
  }

  updateName(name: string): this {
    if (this.#endedAt === -1 && typeof name === "string") this.name = name;
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const attributes = exceptionAttributes(exception);
    if (attributes === undefined) return;
    this.addEvent("exception", attributes, time);
  }

  end(endTime?: TimeInput): void {
    const given = endTime === undefined ? undefined : timeInputOf(endTime);
    this.endAt(this.#at(given), exactTimeOf(given));
  }

  /**
   * @param time on our clock
   * @param exact the same to the nanosecond, where the app gave it so
   */
  endAt(time: number, exact?: HrTime): void {
    if (this.#endedAt !== -1) return;
    const endedAt = Math.max(time, this.startedAt);
    const { processors } = this.#settings;
    for (const processor of processors) processor.onEnding?.(this);
    this.#endedAt = endedAt;
    if (exact !== undefined || this.#exact !== undefined) this.#keepExactEnd(exact);
    for (const processor of processors) processor.onEnd(this);
    this.localTrace.ended(this, endedAt - this.startedAt);
  }

  get failed(): boolean {
    return this.status.code === STATUS_ERROR;
  }

  get ended(): boolean {
    return this.#endedAt !== -1;
  }

  get startTime(): HrTime {
    return this.#exact?.start ?? hrTimeOf(this.localTrace.wall + this.startedAt);
  }

  get endTime(): HrTime {
    if (this.#endedAt === -1) return [0, 0];
    return this.#exact?.end ?? hrTimeOf(this.localTrace.wall + this.#endedAt);
  }

  get duration(): HrTime {
    if (this.#endedAt === -1) return [-1, -1];
    const exact = this.#exact;
    return exact === undefined
      ? hrTimeOf(this.#endedAt - this.startedAt)
      : timeBetween(exact.start, exact.end);
  }

  /** For the tracer, with the time that `startedAt` was made of. */
  keepExactStart(time: TimeInput): void {
    const start = exactTimeOf(time);
    if (start !== undefined) this.#exact = { start, end: start };
  }

  #keepExactEnd(exact: HrTime | undefined): void {
    const { startTime: start } = this;
    const end = exact ?? hrTimeOf(this.localTrace.wall + this.#endedAt);
    this.#exact = { start, end: laterTime(start, end) };
  }

  get resource(): Resource {
    return this.#settings.resource;
  }

  get attributes(): Attributes {
    return this.#endedAt === -1
      ? this.#collectAttributes()
      : (this.#final ??= this.#collectAttributes());
  }

  get events(): ReadableSpan["events"] {
    return (this.#events ?? []).map(({ name, at, bag }) => ({
      name,
      time: typeof at === "number" ? hrTimeOf(this.localTrace.wall + at) : at,
      attributes: bag?.values ?? {},
      droppedAttributesCount: bag?.dropped ?? 0,
    }));
  }

  get links(): Link[] {
    return (this.#links ?? []).map(({ context, bag }) => ({
      context,
      attributes: bag?.values ?? {},
      droppedAttributesCount: bag?.dropped ?? 0,
    }));
  }

  get droppedAttributesCount(): number {
    return this.#bag?.dropped ?? 0;
  }

  get droppedEventsCount(): number {
    return this.#droppedEvents;
  }

  get droppedLinksCount(): number {
    return this.#droppedLinks;
  }

  /** For encoders that keep the bytes of what is shared (`export/messages.ts`). */
  attributeParts(): AttributeParts | undefined {
    const source = this.#source;
    if (source === undefined || this.#bag !== undefined || this.#isLimited()) return undefined;
    const kept = this.localTrace.keptAttributes(this);
    const own = source.own();
    if (kept !== undefined) for (const pair of Object.entries(kept)) own.push(...pair);
    return { shared: source.shared(), own };
  }

  get startedAtMs(): number | HrTime {
    return this.#exact?.start ?? this.localTrace.wall + this.startedAt;
  }

  get endedAtMs(): number | HrTime {
    return this.#exact?.end ?? this.localTrace.wall + this.#endedAt;
  }

  get isPlain(): boolean {
    return (
      this.#events === undefined &&
      this.#links === undefined &&
      this.#droppedEvents === 0 &&
      this.#droppedLinks === 0
    );
  }

  #collectAttributes(): Attributes {
    const own = this.#bag?.values;
    const kept = this.localTrace.keptAttributes(this);
    const source = this.#source;
    if (source === undefined && kept === undefined) return own ?? {};
    const all: Attributes = source === undefined ? {} : objectOf(source.own());
    for (const { attributes } of source?.shared() ?? []) Object.assign(all, attributes);
    return this.#limited(Object.assign(all, own, kept));
  }

  /** Limits hold for the instrumentation's attributes too; by default none is ever reached. */
  #limited(attributes: Attributes): Attributes {
    if (!this.#isLimited()) return attributes;
    const bag = new AttributeBag();
    bag.setAll(attributes, this.#settings.attributeLimits);
    return bag.values;
  }

  /** A method, as V8 reads a private getter by way of its runtime. */
  #isLimited(): boolean {
    const { count, length } = this.#settings.attributeLimits;
    return count < MOST_OF_OURS || length !== Infinity;
  }

  #attributeBag(): AttributeBag {
    return (this.#bag ??= new AttributeBag());
  }

  #at(time: TimeInput | undefined): number {
    return time === undefined ? now() : monotonicOf(time, this.localTrace.wall);
  }
}

function objectOf(pairs: NamesAndValues): Attributes {
  const attributes: Attributes = {};
  for (let at = 0; at < pairs.length; at += 2) {
    attributes[pairs[at] as string] = pairs[at + 1];
  }
  return attributes;
}

function bagOf(
  attributes: unknown,
  count: number,
  { attributeLength }: SpanLimits,
): AttributeBag | undefined {
  if (attributes === undefined || attributes === null) return undefined;
  const bag = new AttributeBag();
  bag.setAll(attributes, { count, length: attributeLength });
  return bag;
}
