import type { CollectedTrace } from "../../../src/cli/demo/render-trace.ts";
import type {
  ReceivedAttributes,
  ReceivedEvent,
  ReceivedLog,
  ReceivedResource,
  ReceivedSpan,
} from "../../../src/testing/received.ts";

export const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

/** 2026-11-21T12:00:00.000Z. */
const NOON = 1_795_262_400_000n;

export interface SpanSketch {
  readonly id: string;
  readonly parent?: string;
  readonly service?: string;
  readonly name: string;
  readonly kind?: ReceivedSpan["kind"];
  /** Microseconds after noon. */
  readonly from: number;
  readonly to: number;
  readonly failed?: boolean;
  readonly attributes?: ReceivedAttributes;
}

export function createSpan(sketch: SpanSketch): ReceivedSpan {
  const { from, to, attributes = {} } = sketch;
  return {
    traceId: TRACE_ID,
    spanId: sketch.id,
    parentSpanId: sketch.parent ?? "",
    traceState: "",
    flags: 3,
    name: sketch.name,
    kind: sketch.kind ?? "INTERNAL",
    startTimeUnixNano: nanoseconds(from),
    endTimeUnixNano: nanoseconds(to),
    durationMs: (to - from) / 1000,
    attributes,
    events: [],
    links: [],
    status: { code: sketch.failed === true ? "ERROR" : "UNSET", message: "" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    resource: resourceOf(sketch.service),
    scope: { name: "", version: "", schemaUrl: "", attributes: {} },
  };
}

export interface LogSketch {
  readonly at: number;
  readonly level: string;
  readonly body: string;
  readonly service?: string;
  readonly attributes?: ReceivedAttributes;
  readonly traceId?: string;
}

export function createLog(sketch: LogSketch): ReceivedLog {
  const { at, level, body, service, attributes = {}, traceId = TRACE_ID } = sketch;
  return {
    timeUnixNano: nanoseconds(at),
    observedTimeUnixNano: nanoseconds(at),
    severityNumber: 9,
    severityText: level,
    body,
    eventName: "",
    attributes,
    droppedAttributesCount: 0,
    traceId,
    spanId: "a",
    flags: 3,
    resource: resourceOf(service),
    scope: { name: "winston", version: "3.19.0", schemaUrl: "", attributes: {} },
  };
}

export function createEvent(
  type: string,
  value: string,
  more: Partial<ReceivedEvent> = {},
  spanId = "a",
): ReceivedEvent {
  const frame = {
    filename: "/srv/shop/payments.js",
    lineno: 19,
    in_app: true,
    context_line: "  const amount = cents * rates[currency].factor;",
  };
  return {
    exception: { values: [{ type, value, stacktrace: { frames: [frame] } }] },
    contexts: { trace: { trace_id: TRACE_ID, span_id: spanId } },
    transaction: "POST /charges",
    environment: "demo",
    ...more,
  };
}

export function createTrace(parts: Partial<CollectedTrace>): CollectedTrace {
  return { traceId: TRACE_ID, spans: [], logs: [], samples: [], events: [], ...parts };
}

function resourceOf(service = "shop"): ReceivedResource {
  return { attributes: { "service.name": service }, schemaUrl: "" };
}

function nanoseconds(microseconds: number): string {
  return String(NOON * 1_000_000n + BigInt(microseconds) * 1000n);
}
