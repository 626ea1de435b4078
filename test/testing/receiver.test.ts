import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import type { Fault } from "../../src/testing/fault.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { collectMetrics, makeLog, makeSpan, makeSpans } from "../export/telemetry.ts";

const JSON_TYPE = "application/json";
const PROTOBUF_TYPE = "application/x-protobuf";

describe("The receiver", () => {
  let receiver: Receiver;

  before(async () => {
    receiver = await startReceiver({ grpcPort: 0 });
  });
  afterEach(() => {
    receiver.clear();
    receiver.setFaults();
  });
  after(() => receiver.close());

  const encodings = [
    { title: "protobuf", type: PROTOBUF_TYPE, pack: (body: Uint8Array) => body, headers: {} },
    {
      title: "protobuf, gzipped",
      type: PROTOBUF_TYPE,
      pack: gzipSync,
      headers: { "content-encoding": "gzip" },
    },
    { title: "JSON", type: JSON_TYPE, pack: (body: Uint8Array) => body, headers: {} },
  ];

  for (const { title, type, pack, headers } of encodings) {
    const json = type === JSON_TYPE;
    const send = async (path: string, body: Uint8Array | undefined): Promise<void> => {
      const response = await post(receiver, path, pack(body ?? new Uint8Array()), {
        "content-type": type,
        ...headers,
      });
      assert.equal(response.status, 200);
    };

    it(`reads every field of a span in ${title}`, async () => {
      const serializer = json ? JsonTraceSerializer : ProtobufTraceSerializer;
      await send("/v1/traces", serializer.serializeRequest([makeSpan(7)]));
      assert.deepEqual(receiver.spans, [expectedSpan]);
    });

    it(`reads every field of a log record in ${title}`, async () => {
      const serializer = json ? JsonLogsSerializer : ProtobufLogsSerializer;
      await send("/v1/logs", serializer.serializeRequest([makeLog(7)]));
      const [log] = receiver.logs;
      assert.deepEqual(
        { ...log, resource: log?.resource.attributes["service.name"], scope: log?.scope.name },
        expectedLog,
      );
    });

    it(`reads counters, gauges and histograms in ${title}`, async () => {
      const serializer = json ? JsonMetricsSerializer : ProtobufMetricsSerializer;
      await send("/v1/metrics", serializer.serializeRequest(await collectMetrics()));
      assert.deepEqual(
        receiver.metrics.map(({ name, unit, type: kind, temporality, monotonic, points }) => ({
          name,
          unit,
          kind,
          temporality,
          monotonic,
          point: [points[0]?.value, points[0]?.count, points[0]?.sum, points[0]?.buckets],
          attributes: points[0]?.attributes,
        })),
        expectedMetrics,
      );
    });
  }

  it("receives spans of OpenTelemetry's gRPC exporter", async () => {
    const exporter = new OTLPTraceExporter({ url: receiver.grpcUrl as string });
    await new Promise((resolve) => exporter.export([makeSpan(7)], resolve));
    await exporter.shutdown();
    assert.deepEqual(receiver.spans, [expectedSpan]);
  });

  it("reads the events of Sentry envelopes, with the key from the query or the header", async () => {
    const event = { event_id: "e1", message: "boom\nbang" };
    const payload = JSON.stringify(event);
    const item = `{"type":"event","length":${Buffer.byteLength(payload)}}\n${payload}\n`;
    const envelope = `{"event_id":"e1"}\n${item}{"type":"session"}\n{"sid":"s"}\n`;
    await post(receiver, "/api/42/envelope/?sentry_key=abc", envelope, {});
    await post(receiver, "/api/42/envelope/", gzipSync(envelope), {
      "x-sentry-auth": "Sentry sentry_version=7, sentry_key=abc",
      "content-encoding": "gzip",
    });
    assert.deepEqual(receiver.events, [event, event]);
    assert.deepEqual(
      receiver.items.map(({ type, project, publicKey }) => [type, project, publicKey]),
      [
        ["event", "42", "abc"],
        ["session", "42", "abc"],
        ["event", "42", "abc"],
        ["session", "42", "abc"],
      ],
    );
  });

  it("lists the check-ins and the feedback of envelopes", async () => {
    const checkIn = { check_in_id: "c1", monitor_slug: "report", status: "ok", duration: 1.5 };
    const feedback = { event_id: "f1", contexts: { feedback: { message: "slow" } } };
    const lines = [{}, { type: "check_in" }, checkIn, { type: "feedback" }, feedback];
    const envelope = lines.map((line) => JSON.stringify(line)).join("\n");
    await post(receiver, "/api/42/envelope/?sentry_key=abc", envelope, {});
    assert.deepEqual(receiver.checkIns, [checkIn]);
    assert.deepEqual(receiver.feedback, [feedback]);
    assert.deepEqual(receiver.events, []);
    assert.deepEqual(await getJson(receiver, "/received/checkIns"), [checkIn]);
  });

  it("resolves waitFor when the span arrives, and rejects it with a summary after the timeout", async () => {
    const waiting = receiver.waitFor(({ spans }) => spans.find((span) => span.name !== ""));
    await sendSpans(receiver, 1);
    assert.equal((await waiting).name, "GET /orders/:id");
    await assert.rejects(
      receiver.waitFor(({ logs }) => logs[0], "log", 1),
      /no log within 1 ms; received: 1 spans, 0 logs/,
    );
  });

  it("stores the newest items up to its limit", async () => {
    const small = await startReceiver({ maxItems: 10 });
    await sendSpans(small, 25);
    assert.deepEqual(
      small.spans.map((span) => span.attributes["url.path"]),
      Array.from({ length: 10 }, (_, index) => `/orders/${index + 15}`),
    );
    await small.close();
  });

  it("has a query API by trace", async () => {
    await sendSpans(receiver, 3);
    const traceId = makeSpan(2).spanContext().traceId;
    const found = await getJson(receiver, `/received/spans?trace_id=${traceId}`);
    assert.deepEqual(found, JSON.parse(JSON.stringify([receiver.spans[2]])));
    assert.deepEqual(await getJson(receiver, "/received"), {
      spans: 3,
      logs: 0,
      metrics: 0,
      items: 0,
      events: 0,
      feedback: 0,
      checkIns: 0,
      clientReports: 0,
      sessions: 0,
      requests: 1,
    });
  });

  it("responds to malformed requests with 400, and to unknown paths with 404", async () => {
    const rows = [
      { path: "/v1/traces", body: "{", headers: { "content-type": JSON_TYPE }, status: 400 },
      {
        path: "/v1/traces",
        body: "\xff\xff",
        headers: { "content-type": PROTOBUF_TYPE },
        status: 400,
      },
      { path: "/api/1/envelope/", body: "no json", headers: {}, status: 400 },
      { path: "/v1/profiles", body: "", headers: {}, status: 404 },
    ];
    for (const { path, body, headers, status } of rows) {
      assert.equal((await post(receiver, path, body, headers)).status, status, path);
    }
  });

  const faults: { fault: Fault; status: number; kept: number }[] = [
    { fault: { kind: "status", status: 503 }, status: 503, kept: 0 },
    { fault: { kind: "partial", rejected: 2 }, status: 200, kept: 1 },
    { fault: { kind: "huge-body", bytes: 1_000_000 }, status: 200, kept: 3 },
    { fault: { kind: "delay", ms: 5 }, status: 200, kept: 3 },
    { fault: { kind: "close" }, status: 0, kept: 0 },
  ];
  for (const { fault, status, kept: stored } of faults) {
    it(`applies the fault ${fault.kind}, once with times: 1`, async () => {
      receiver.setFaults({ ...fault, times: 1 });
      const answer = await sendSpans(receiver, 3).catch(() => ({ status: 0 }));
      assert.equal(answer.status, status);
      assert.equal(receiver.spans.length, stored);
      assert.equal((await sendSpans(receiver, 1)).status, 200);
    });
  }
});

async function sendSpans(
  receiver: Pick<Receiver, "url">,
  count: number,
): Promise<{ status: number }> {
  const body = ProtobufTraceSerializer.serializeRequest(makeSpans(count)) as Uint8Array;
  return post(receiver, "/v1/traces", body, { "content-type": PROTOBUF_TYPE });
}

function post(
  receiver: Pick<Receiver, "url">,
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string>,
): Promise<{ status: number }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${receiver.url}${path}`, { method: "POST", headers });
    request.on("response", (response) => {
      response.resume().on("end", () => resolve({ status: response.statusCode ?? 0 }));
      response.on("error", reject);
    });
    request.on("error", reject).end(body);
  });
}

async function getJson(receiver: Pick<Receiver, "url">, path: string): Promise<unknown> {
  return (await fetch(`${receiver.url}${path}`)).json();
}

const resource = {
  attributes: {
    "service.name": "shop",
    "service.version": "1.2.3",
    "deployment.environment.name": "test",
  },
  schemaUrl: "",
};

const scope = {
  name: "telltale",
  version: "0.1.0",
  schemaUrl: "https://example.test/schema",
  attributes: {},
};

const expectedSpan = {
  traceId: "00000000000000000000000000000007",
  spanId: "0000000000000008",
  parentSpanId: "dddddddddddddddd",
  traceState: "",
  flags: 0x301,
  name: "GET /orders/:id",
  kind: "SERVER",
  startTimeUnixNano: "1700000000123456789",
  endTimeUnixNano: "1700000000135956789",
  durationMs: 12.5,
  attributes: makeSpan(7).attributes,
  events: [
    {
      name: "exception",
      timeUnixNano: "1700000000130000000",
      attributes: { "exception.type": "Error", "exception.message": "nö" },
      droppedAttributesCount: 0,
    },
  ],
  links: [
    {
      traceId: "f".repeat(32),
      spanId: "e".repeat(16),
      traceState: "",
      flags: 0x101,
      attributes: { why: "batch" },
      droppedAttributesCount: 0,
    },
  ],
  status: { code: "ERROR", message: "no such order" },
  droppedAttributesCount: 1,
  droppedEventsCount: 2,
  droppedLinksCount: 3,
  resource,
  scope,
};

const expectedLog = {
  timeUnixNano: "1700000000000000007",
  observedTimeUnixNano: "1700000001000000007",
  severityNumber: 17,
  severityText: "ERROR",
  body: "order 7 failed",
  eventName: "",
  attributes: { "order.id": 7, nested: { deep: [true, null] } },
  droppedAttributesCount: 0,
  traceId: "a".repeat(32),
  spanId: "b".repeat(16),
  flags: 1,
  resource: "shop",
  scope: "telltale",
};

const expectedMetrics = [
  {
    name: "orders",
    unit: "{order}",
    kind: "sum",
    temporality: "cumulative",
    monotonic: true,
    point: [3, undefined, undefined, undefined],
    attributes: { shop: "a" },
  },
  {
    name: "load",
    unit: "1",
    kind: "gauge",
    temporality: "unspecified",
    monotonic: false,
    point: [-0.5, undefined, undefined, undefined],
    attributes: {},
  },
  {
    name: "duration",
    unit: "s",
    kind: "histogram",
    temporality: "cumulative",
    monotonic: false,
    point: [undefined, 2, 3.5, [1, 0, 1]],
    attributes: {},
  },
];
