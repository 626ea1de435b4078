import { randomBytes } from "node:crypto";
import type { Attributes } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { OtlpProtocol } from "../../config/config.ts";
import * as json from "../../export/otlp/otlp-json.ts";
import { encodeJsonMetrics, encodeProtobufMetrics } from "../../export/otlp/metrics-request.ts";
import * as protobuf from "../../export/otlp/otlp-protobuf.ts";
import { version } from "../../version.ts";
import type { OtlpSignal } from "./environment-check.ts";

/** Marks what doctor sends, so that it can be found and left out. */
const TEST_ATTRIBUTES: Attributes = { "telltale.doctor": true };

const scope = { name: "telltale/doctor", version };

/** Returns the request with one item of a signal, marked as a test, in the form of the protocol. */
export function testRequest(
  signal: OtlpSignal["signal"],
  protocol: OtlpProtocol,
  attributes: Attributes,
): Uint8Array {
  const resource = { attributes: { ...attributes, ...TEST_ATTRIBUTES } } as unknown as Resource;
  const isJson = protocol === "http/json";
  const { spans, logRecords } = isJson ? json : protobuf;
  switch (signal) {
    case "traces":
      return spans.encodeRequest([spans.encode(testSpan(resource))]);
    case "logs":
      return logRecords.encodeRequest([logRecords.encode(testRecord(resource))]);
    case "metrics": {
      const encode = isJson ? encodeJsonMetrics : encodeProtobufMetrics;
      return encode(testMetric(resource)) ?? new Uint8Array();
    }
  }
}

type HrTime = [seconds: number, nanoseconds: number];

function now(): HrTime {
  const ms = Date.now();
  return [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];
}

function testSpan(resource: Resource): ReadableSpan {
  const time = now();
  return {
    name: "telltale doctor",
    kind: 0,
    spanContext: () => ({ traceId: hex(16), spanId: hex(8), traceFlags: 1 }),
    startTime: time,
    endTime: time,
    duration: [0, 0],
    ended: true,
    status: { code: 0 },
    attributes: TEST_ATTRIBUTES,
    links: [],
    events: [],
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function testRecord(resource: Resource): ReadableLogRecord {
  const time = now();
  return {
    hrTime: time,
    hrTimeObserved: time,
    severityNumber: 9,
    severityText: "INFO",
    body: "telltale doctor: a test",
    eventName: undefined,
    attributes: TEST_ATTRIBUTES,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
  } as unknown as ReadableLogRecord;
}

function testMetric(resource: Resource): ResourceMetrics {
  const time = now();
  const metric = {
    descriptor: {
      name: "telltale.doctor.tests",
      description: "Tests by telltale doctor.",
      unit: "{test}",
      type: "GAUGE",
      valueType: 0,
      advice: {},
    },
    // A gauge of `DataPointType`.
    dataPointType: 2,
    aggregationTemporality: 1,
    dataPoints: [{ attributes: TEST_ATTRIBUTES, startTime: time, endTime: time, value: 1 }],
  };
  return { resource, scopeMetrics: [{ scope, metrics: [metric] }] };
}

/** Returns random bytes as hexadecimal digits. */
export function hex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
