import type { JsonObject } from "../../../src/otlp/protobuf.ts";

/** A span of a test; times in milliseconds after `T0`. */
interface TestResource {
  readonly service?: string;
  readonly run?: string;
  readonly resource?: Readonly<Record<string, TestValue>>;
}

export interface TestSpan extends TestResource {
  readonly span: string;
  readonly parent?: string;
  readonly trace?: string;
  readonly name?: string;
  readonly kind?: "internal" | "server" | "client" | "producer" | "consumer";
  readonly start?: number;
  readonly end?: number;
  readonly failed?: string;
  readonly flags?: number;
  readonly attributes?: Readonly<Record<string, TestValue>>;
  readonly events?: readonly {
    readonly name: string;
    readonly at?: number;
    readonly attributes?: Readonly<Record<string, TestValue>>;
  }[];
}

export interface TestLog {
  readonly body: string;
  readonly at?: number;
  readonly trace?: string;
  readonly span?: string;
  readonly severity?: number;
  readonly service?: string;
  readonly attributes?: Readonly<Record<string, TestValue>>;
}

type TestValue = string | number | boolean | readonly string[];

/** Start of all tests, in milliseconds since 1970. */
export const T0 = 1_790_000_000_000;

export const TRACE = "0af7651916cd43dd8448eb211c80319c";

const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };

/** Returns 16 hexadecimal digits for a short name. */
export function spanId(name: string): string {
  return Buffer.from(name.padEnd(8, "_")).toString("hex").slice(0, 16);
}

export function tracesOf(...spans: readonly TestSpan[]): JsonObject {
  return {
    resourceSpans: spans.map((span) => ({
      resource: resourceOf(span),
      scopeSpans: [{ scope: { name: "test" }, spans: [otlpSpan(span)] }],
    })),
  };
}

export function logsOf(...logs: readonly TestLog[]): JsonObject {
  return {
    resourceLogs: logs.map((log) => ({
      resource: resourceOf(log),
      scopeLogs: [{ scope: { name: "app" }, logRecords: [otlpLog(log)] }],
    })),
  };
}

export function nanoseconds(ms: number): string {
  return (BigInt(T0) * 1_000_000n + BigInt(Math.round(ms * 1e6))).toString();
}

export function otlpAttributes(
  attributes: Readonly<Record<string, TestValue | undefined>>,
): JsonObject[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: otlpValue(value) }],
  );
}

function otlpValue(value: TestValue): JsonObject {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value !== "number") return { arrayValue: { values: value.map(otlpValue) } };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function resourceOf({ service = "shop", run, resource }: TestResource): JsonObject {
  const own = { "service.name": service, "telltale.run.id": run };
  return { attributes: otlpAttributes({ ...own, ...resource }) };
}

function otlpSpan(span: TestSpan): JsonObject {
  const { start = 0, end = start + 10, parent, failed, events = [] } = span;
  return {
    traceId: span.trace ?? TRACE,
    spanId: spanId(span.span),
    ...(parent !== undefined && { parentSpanId: spanId(parent) }),
    ...(span.flags !== undefined && { flags: span.flags }),
    name: span.name ?? span.span,
    kind: kinds[span.kind ?? "internal"],
    startTimeUnixNano: nanoseconds(start),
    endTimeUnixNano: nanoseconds(end),
    attributes: otlpAttributes(span.attributes ?? {}),
    events: events.map(({ name, at = start, attributes = {} }) => ({
      name,
      timeUnixNano: nanoseconds(at),
      attributes: otlpAttributes(attributes),
    })),
    ...(failed !== undefined && { status: { code: 2, message: failed } }),
  };
}

function otlpLog({
  at = 0,
  body,
  trace,
  span,
  severity = 9,
  attributes = {},
}: TestLog): JsonObject {
  return {
    timeUnixNano: nanoseconds(at),
    severityNumber: severity,
    body: { stringValue: body },
    attributes: otlpAttributes(attributes),
    ...(trace !== undefined && { traceId: trace }),
    ...(span !== undefined && { spanId: spanId(span) }),
  };
}
