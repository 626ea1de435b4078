import assert from "node:assert/strict";

/** The part of a span that a test sets; the rest is generated. */
export interface OtlpSpanSpec {
  /** Number from which the ids are derived. */
  readonly trace: number;
  readonly name: string;
  readonly failed?: boolean;
  readonly durationMs?: number;
  readonly attributes?: Readonly<Record<string, string | number>>;
}

const RESOURCE = resourceOf("warehouse");
const SCOPE = { name: "shop", version: "1.2.3" };

/** Creates a log record of now, with more than the required fields. */
export function makeLogs(): object {
  const startMs = startNow();
  return {
    resourceLogs: [
      {
        resource: RESOURCE,
        scopeLogs: [
          {
            scope: SCOPE,
            logRecords: [
              {
                timeUnixNano: nanos(startMs),
                observedTimeUnixNano: nanos(startMs),
                severityNumber: 13,
                severityText: "WARN",
                body: { stringValue: "late" },
                traceId: idOf(7, 32),
                spanId: idOf(7, 16),
                flags: 1,
                attributes: attributesOf({ "order.id": 4711 }),
              },
            ],
          },
        ],
      },
    ],
  };
}

/** Creates a data point of now, with more than the required fields. */
export function makeMetrics(): object {
  const startMs = startNow();
  return {
    resourceMetrics: [
      {
        resource: RESOURCE,
        scopeMetrics: [
          {
            scope: SCOPE,
            metrics: [
              {
                name: "shop.orders",
                unit: "{order}",
                sum: {
                  aggregationTemporality: 2,
                  isMonotonic: true,
                  dataPoints: [
                    {
                      startTimeUnixNano: nanos(startMs),
                      timeUnixNano: nanos(startMs + 1000),
                      asDouble: 3,
                      attributes: attributesOf({ kind: "book" }),
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
  };
}

/** An export request. */
export function otlpSpansOf(spans: readonly OtlpSpanSpec[], service = "warehouse"): object {
  return {
    resourceSpans: [
      {
        resource: resourceOf(service),
        scopeSpans: [{ scope: SCOPE, spans: spans.map(spanOf) }],
      },
    ],
  };
}

function spanOf({ trace, name, failed, durationMs = 10, attributes }: OtlpSpanSpec): object {
  const startMs = startNow();
  return {
    traceId: idOf(trace, 32),
    spanId: idOf(trace, 16),
    name,
    kind: 2,
    flags: 257,
    traceState: "vendor=1",
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(startMs + durationMs),
    attributes: attributesOf({ "user.password": "hunter2", "order.id": 4711, ...attributes }),
    events: [{ name: "packed", timeUnixNano: nanos(startMs + 1) }],
    links: [{ traceId: idOf(99, 32), spanId: idOf(99, 16) }],
    status: failed === true ? { code: 2, message: "out of stock" } : {},
  };
}

function resourceOf(service: string): object {
  return { attributes: attributesOf({ "service.name": service, "host.name": "a" }) };
}

function attributesOf(attributes: Readonly<Record<string, string | number>>): object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === "string" ? { stringValue: value } : { intValue: String(value) },
  }));
}

/** Returns the same id for the same number. */
export function idOf(number: number, digits: number): string {
  return (0xabc000 + number).toString(16).padStart(digits, "1");
}

/**
 * Returns the start of what was recorded just now. Prometheus finds no values of more than five
 * minutes ago, when this module may have been loaded.
 */
function startNow(): number {
  return Date.now() - 5000;
}

function nanos(ms: number): string {
  return `${ms}000000`;
}

/** Sends OTLP as JSON. Throws unless it is accepted. */
export async function postTelemetry(url: string, signal: string, body: object): Promise<void> {
  const response = await fetch(`${url}/v1/${signal}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.text());
}
