import type { Attributes, Span, TimeInput } from "@opentelemetry/api";
import type { ReadableSpan, Span as SdkSpan } from "@opentelemetry/sdk-trace";
import { hrTimeOf, monotonicOf, now, wallClockOriginAt } from "../clock.ts";
import type { KeepReason, LocalTraceHandle } from "../context/local-trace-handle.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { STATUS_ERROR } from "../traces/span.ts";
import { attributesOfPairs, type LazyAttributes } from "../traces/span-attributes.ts";

/**
 * The spans of one trace in this process. The SDK decides at the start of a trace
 * whether it is exported: nothing can keep it later.
 */
export class SdkLocalTrace implements LocalTraceHandle {
  readonly kept: boolean;
  readonly droppedSpans = 0;
  hasFailedSpan = false;

  constructor(isSampled: boolean) {
    this.kept = isSampled;
  }

  keep(): void {}
}

const INSTRUMENTATION_ATTRIBUTES: unique symbol = Symbol("telltale.instrumentation-attributes");

interface Extended {
  [INSTRUMENTATION_ATTRIBUTES]?: LazyAttributes;
}

/** What telltale's layers need of a span, as properties of the SDK's own object. */
const extensions = {
  get failed(): boolean {
    return (this as unknown as ReadableSpan).status.code === STATUS_ERROR;
  },
  keepTrace(_reason: KeepReason): void {},
  annotate(this: SdkSpan, key: string, value: unknown): void {
    // As in telltale's pipelines, an event that comes later is not on the span.
    if (!this.ended) this.setAttribute(key, value);
  },
  addLateEvent(this: SdkSpan, name: string, attributes: Attributes, time: TimeInput): void {
    if (!this.ended) this.addEvent(name, attributes, time);
    else this.events.push({ name, attributes, time: lateTimeOf(time), droppedAttributesCount: 0 });
  },
  setInstrumentationAttributes(this: Span & Extended, attributes: LazyAttributes): void {
    this[INSTRUMENTATION_ATTRIBUTES] = attributes;
  },
  endAt(this: Span, time: number): void {
    this.end(time);
  },
};

/** Makes a recording span of the SDK one that telltale's layers can use. */
export function extendSpan(span: Span, localTrace: LocalTraceHandle): void {
  Object.defineProperties(span, descriptors);
  Object.defineProperty(span, "localTrace", { value: localTrace });
}

const descriptors = Object.getOwnPropertyDescriptors(extensions);

/** Adds the attributes of the instrumentation to a span that ends; those of the app stay. */
export function addInstrumentationAttributes(span: Span & Extended): void {
  const { attributes } = span as unknown as ReadableSpan;
  for (const [name, value] of Object.entries(instrumentationAttributesOf(span)))
    if (!(name in attributes) && value !== undefined) span.setAttribute(name, value);
}

function instrumentationAttributesOf(span: Extended): Attributes {
  const lazyAttributes = span[INSTRUMENTATION_ATTRIBUTES];
  if (lazyAttributes === undefined) return {};
  const all = attributesOfPairs(lazyAttributes.ownPairs());
  for (const { attributes } of lazyAttributes.cachedParts()) Object.assign(all, attributes);
  return all;
}

/** Members that components for the SDK 1 read. */
interface OldMembers {
  readonly parentSpanId: string | undefined;
  readonly instrumentationLibrary: ReadableSpan["instrumentationScope"];
}

/** Returns a copy of a span without secrets. */
export function spanWithoutSecrets(
  span: ReadableSpan,
  redactor: Redactor,
): ReadableSpan & OldMembers {
  const { status } = span;
  // What is known only since its end, such as the user of a WebSocket, is exported too.
  const attributes = { ...instrumentationAttributesOf(span as Extended), ...span.attributes };
  const { kind, parentSpanContext, startTime, endTime, duration, ended } = span;
  const { resource, instrumentationScope } = span;
  const { droppedAttributesCount, droppedEventsCount, droppedLinksCount } = span;
  const requestId = attributes["telltale.request.id"];
  return {
    ...{ kind, startTime, endTime, duration, ended, resource, instrumentationScope },
    ...{ droppedAttributesCount, droppedEventsCount, droppedLinksCount },
    ...(parentSpanContext !== undefined && { parentSpanContext }),
    parentSpanId: parentSpanContext?.spanId,
    instrumentationLibrary: instrumentationScope,
    name: redactor.text(span.name),
    spanContext: () => span.spanContext(),
    status:
      status.message === undefined ? status : { ...status, message: redactor.text(status.message) },
    attributes: {
      ...redactor.attributes(attributes),
      // Each request has another one, and its form is checked where it is received.
      ...(requestId !== undefined && { "telltale.request.id": requestId }),
    },
    events: span.events.map((event) => ({
      ...event,
      name: redactor.text(event.name),
      ...(event.attributes && { attributes: redactor.attributes(event.attributes) }),
    })),
    links: span.links.map((link) => ({
      ...link,
      ...(link.attributes && { attributes: redactor.attributes(link.attributes) }),
    })),
  };
}

function lateTimeOf(time: TimeInput): [number, number] {
  const origin = wallClockOriginAt(now());
  return hrTimeOf(origin + monotonicOf(time, origin));
}
