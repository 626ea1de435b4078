import assert from "node:assert/strict";
import {
  stockRequestFor,
  singleEvent,
  singleLine,
  pick,
  recordOf,
  requestId,
  samples,
  serverSpanOf,
  spanOfRequest,
  requireText,
} from "./findings.ts";
import { type MatrixRun, sampledCaller, unsampledCaller } from "./run.ts";

export interface Assertion {
  readonly title: string;
  check(run: MatrixRun): void;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Flags of a sampled trace with a random id; the second by level 2 of W3C trace context. */
const SAMPLED = 0x01;
const RANDOM = 0x02;

const spans: readonly Assertion[] = [
  {
    title: "has a server span named by method and route, below the caller's span",
    check(run) {
      const span = serverSpanOf(run, "called");
      assert.deepEqual(pick(span, "name", "kind", "traceId", "parentSpanId", "traceState"), {
        name: "GET /api/items/:id",
        kind: "SERVER",
        traceId: sampledCaller.traceId,
        parentSpanId: sampledCaller.spanId,
        traceState: sampledCaller.traceState,
      });
    },
  },
  {
    title: "has a server span with the attributes of the stable conventions, without secrets",
    check(run) {
      const { "network.peer.port": peerPort, ...attributes } = serverSpanOf(
        run,
        "called",
      ).attributes;
      assert.equal(typeof peerPort, "number");
      assert.deepEqual(attributes, {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/api/items/:id",
        "url.scheme": "http",
        "url.path": "/api/items/42",
        "url.query": "color=blue&token=REDACTED",
        "server.address": "127.0.0.1",
        "server.port": run.port,
        "client.address": "127.0.0.1",
        "network.peer.address": "127.0.0.1",
        "network.protocol.version": "1.1",
        "user_agent.original": "the-test",
        "telltale.request.id": "from-the-caller",
      });
    },
  },
  {
    title: "starts a sampled trace with a random id for a request without a parent",
    check(run) {
      const span = serverSpanOf(run, "alone");
      assert.equal(span.parentSpanId, "");
      assert.notEqual(span.traceId, sampledCaller.traceId);
      assert.equal(span.flags & 0xff, SAMPLED | RANDOM);
    },
  },
  {
    title: "has a span of the API below the server span",
    check(run) {
      const own = spanOfRequest(run, "called", "find shelf");
      assert.deepEqual(pick(own, "kind", "parentSpanId", "attributes"), {
        kind: "INTERNAL",
        parentSpanId: serverSpanOf(run, "called").spanId,
        attributes: { "item.id": "42" },
      });
      assert.deepEqual(pick(own.scope, "name", "version"), { name: "warehouse", version: "1.2.3" });
    },
  },
  {
    title: "has a client span of a fetch call below the span of the API",
    check(run) {
      const call = spanOfRequest(run, "called", "/shelves/");
      assert.equal(call.parentSpanId, spanOfRequest(run, "called", "find shelf").spanId);
      assert.deepEqual(pick(call, "kind", "name", "attributes"), {
        kind: "CLIENT",
        name: "GET",
        attributes: callAttributes(run, "/shelves/42?token=REDACTED"),
      });
    },
  },
  {
    title: "has a client span of an http.get call below the server span",
    check(run) {
      const call = spanOfRequest(run, "called", "/prices/");
      assert.equal(call.parentSpanId, serverSpanOf(run, "called").spanId);
      assert.deepEqual(pick(call, "kind", "name", "attributes"), {
        kind: "CLIENT",
        name: "GET",
        attributes: callAttributes(run, "/prices/42"),
      });
    },
  },
  {
    title: "propagates the trace and its state in both calls",
    check(run) {
      for (const path of ["/shelves/", "/prices/"]) {
        const { headers } = stockRequestFor(run, `${path}42`);
        const { spanId } = spanOfRequest(run, "called", path);
        assert.equal(headers["traceparent"], `00-${sampledCaller.traceId}-${spanId}-01`);
        assert.equal(headers["tracestate"], sampledCaller.traceState);
      }
    },
  },
  {
    title: "exports no trace that its caller does not sample, and propagates it as unsampled",
    check(run) {
      const { traceId } = unsampledCaller;
      assert.equal(run.received.spans.filter((span) => span.traceId === traceId).length, 0);
      for (const path of ["/shelves/44", "/prices/44"]) {
        const { headers } = stockRequestFor(run, path);
        assert.match(
          requireText(headers["traceparent"]),
          new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`),
        );
      }
    },
  },
  {
    title: "has a span with status error and the exception for a failed request",
    check(run) {
      const span = serverSpanOf(run, "failing");
      assert.equal(span.name, "POST /api/orders/:id");
      assert.equal(span.status.code, "ERROR");
      assert.deepEqual(pick(span.attributes, "http.response.status_code", "error.type"), {
        "http.response.status_code": 500,
        "error.type": "500",
      });
      assert.equal(span.events.length, 1);
      const [{ name, attributes } = assert.fail()] = span.events;
      assert.equal(name, "exception");
      assert.deepEqual(pick(attributes, "exception.type", "exception.message"), {
        "exception.type": "RangeError",
        "exception.message": "no 7 left",
      });
      assert.match(
        requireText(attributes["exception.stacktrace"]),
        /^RangeError: no 7 left\n +at order/,
      );
    },
  },
  {
    title: "has a span without route and without error for an unknown path",
    check(run) {
      const span = serverSpanOf(run, "missing");
      assert.equal(span.name, "GET");
      assert.equal(span.status.code, "UNSET");
      assert.equal(span.attributes["http.response.status_code"], 404);
      assert.ok(!("http.route" in span.attributes));
    },
  },
  {
    title: "exports no other spans, none twice, and none of telltale's requests",
    check(run) {
      const ids = new Set(run.received.spans.map((span) => span.spanId));
      assert.equal(ids.size, run.received.spans.length);
      assert.deepEqual(run.received.spans.map((span) => span.name).toSorted(), [
        "GET",
        "GET",
        "GET",
        "GET",
        "GET",
        "GET /api/items/:id",
        "GET /api/items/:id",
        "POST /api/orders/:id",
        "find shelf",
        "find shelf",
      ]);
    },
  },
  {
    title: "has each span within the time of its parent, with the resource of the service",
    check(run) {
      const byId = new Map(run.received.spans.map((span) => [span.spanId, span]));
      for (const span of run.received.spans) {
        assert.ok(span.durationMs > 0);
        assert.equal(span.resource.attributes["service.name"], "warehouse");
        const parent = byId.get(span.parentSpanId);
        if (parent === undefined) continue;
        assert.ok(BigInt(span.startTimeUnixNano) >= BigInt(parent.startTimeUnixNano));
        assert.ok(BigInt(span.endTimeUnixNano) <= BigInt(parent.endTimeUnixNano));
      }
    },
  },
];

const logs: readonly Assertion[] = [
  {
    title:
      "logs each line with the ids of the server span and of the request, and with the app's fields",
    check(run) {
      assert.deepEqual(singleLine(run, "requested", { item: "42" }), {
        level: "info",
        message: "requested",
        item: "42",
        trace_id: sampledCaller.traceId,
        span_id: serverSpanOf(run, "called").spanId,
        trace_flags: "01",
        request_id: "from-the-caller",
      });
    },
  },
  {
    title: "logs lines within a span of the API with the id of that span",
    check(run) {
      const found = singleLine(run, "found", { request_id: "from-the-caller" });
      assert.equal(found["span_id"], spanOfRequest(run, "called", "find shelf").spanId);
    },
  },
  {
    title: "logs lines of an unsampled trace with its ids",
    check(run) {
      const found = singleLine(run, "requested", { item: "44" });
      assert.deepEqual(pick(found, "trace_id", "trace_flags", "request_id"), {
        trace_id: unsampledCaller.traceId,
        trace_flags: "00",
        request_id: requestId(run, "unsampled"),
      });
    },
  },
  {
    title: "logs lines outside of requests unchanged",
    check(run) {
      assert.deepEqual(singleLine(run, "open"), { level: "info", message: "open", port: run.port });
    },
  },
  {
    title: "exports each line as a log record with severity, attributes and the same ids",
    check(run) {
      const found = singleLine(run, "out of stock");
      const record = recordOf(run, found);
      assert.deepEqual(pick(record, "body", "severityText", "severityNumber", "attributes"), {
        body: "out of stock",
        severityText: "warn",
        severityNumber: 13,
        attributes: { item: "7", "telltale.request.id": requestId(run, "failing") },
      });
      const { traceId, spanId } = serverSpanOf(run, "failing");
      assert.deepEqual(pick(record, "traceId", "spanId"), { traceId, spanId });
      assert.deepEqual(pick(found, "trace_id", "span_id"), { trace_id: traceId, span_id: spanId });
      assert.equal(record.scope.name, "winston");
    },
  },
  {
    title: "exports as many records as lines, with the same ids",
    check(run) {
      const records = run.received.logs.map(({ body, traceId, spanId }) =>
        JSON.stringify([body, traceId, spanId]),
      );
      const lines = run.lines.map(({ message, trace_id: traceId = "", span_id: spanId = "" }) =>
        JSON.stringify([message, traceId, spanId]),
      );
      // Batches may arrive in any order.
      assert.deepEqual(records.toSorted(), lines.toSorted());
    },
  },
];

const SERVER_COUNT = "http_server_request_duration_seconds_count";
const CLIENT_COUNT = "http_client_request_duration_seconds_count";

const metrics: readonly Assertion[] = [
  {
    title: "has durations of requests by method, route and status",
    check(run) {
      const counts = samples(run, SERVER_COUNT).map(({ labels, value }) => ({ ...labels, value }));
      const shared = { network_protocol_version: "1.1", url_scheme: "http" };
      assert.deepEqual(sortedByStatus(counts), [
        {
          ...shared,
          http_request_method: "GET",
          http_response_status_code: "200",
          http_route: "/api/items/:id",
          value: 3,
        },
        { ...shared, http_request_method: "GET", http_response_status_code: "404", value: 1 },
        {
          ...shared,
          http_request_method: "POST",
          http_response_status_code: "500",
          http_route: "/api/orders/:id",
          error_type: "500",
          value: 1,
        },
      ]);
    },
  },
  {
    title: "has durations of calls by server, without those of telltale's requests",
    check(run) {
      assert.deepEqual(
        samples(run, CLIENT_COUNT).map(({ labels, value }) => ({ ...labels, value })),
        [
          {
            http_request_method: "GET",
            http_response_status_code: "200",
            network_protocol_version: "1.1",
            server_address: "127.0.0.1",
            server_port: String(run.stockPort),
            value: 6,
          },
        ],
      );
    },
  },
  {
    title: "has durations in seconds, equal to those of the spans",
    check(run) {
      const sum = samples(run, SERVER_COUNT.replace("_count", "_sum")).find(
        ({ labels }) => labels["http_route"] === "/api/orders/:id",
      );
      const seconds = serverSpanOf(run, "failing").durationMs / 1000;
      assert.ok(Math.abs((sum?.value ?? 0) - seconds) < 0.002, `${sum?.value} and ${seconds} s`);
    },
  },
  {
    title: "has exemplars with the span of a duration in OpenMetrics",
    check(run) {
      const { traceId, spanId } = serverSpanOf(run, "failing");
      const lines = run.openMetrics
        .split("\n")
        .filter((text) => text.includes(` # {trace_id="${traceId}"`));
      for (const line of lines) assert.ok(line.includes(`span_id="${spanId}"`), line);
      const durations = lines.filter((line) =>
        /^http_server_request_duration_seconds_bucket\{.*http_route="\/api\/orders\/:id"/.test(
          line,
        ),
      );
      assert.equal(durations.length, 1);
      assert.ok(!run.openMetrics.includes(unsampledCaller.traceId), "only of traces that are kept");
    },
  },
  {
    title: "has no active request after the last one",
    check(run) {
      const active = samples(run, "http_server_active_requests");
      assert.deepEqual(
        Object.fromEntries(
          active.map(({ labels, value }) => [labels["http_request_method"], value]),
        ),
        { GET: 0, POST: 0 },
      );
    },
  },
  {
    title: "has the resource of the service on the page",
    check(run) {
      const [info] = samples(run, "target_info");
      assert.deepEqual(
        pick(info?.labels, "service_name", "telemetry_sdk_language", "telemetry_distro_name"),
        {
          service_name: "warehouse",
          telemetry_sdk_language: "nodejs",
          telemetry_distro_name: "telltale",
        },
      );
    },
  },
  {
    title: "exports the same counts over OTLP at the end",
    check(run) {
      for (const [otlp, prometheus] of [
        ["http.server.request.duration", SERVER_COUNT],
        ["http.client.request.duration", CLIENT_COUNT],
      ] as const) {
        const metric = run.received.metrics.findLast(({ name }) => name === otlp);
        assert.deepEqual(
          metric?.points.map(({ count }) => count),
          samples(run, prometheus).map(({ value }) => value),
        );
      }
    },
  },
];

const ids: readonly Assertion[] = [
  {
    title: "responds with the caller's request id, and generates none",
    check(run) {
      assert.equal(requestId(run, "called"), "from-the-caller");
    },
  },
  {
    title: "generates a request id where a request has none, or an invalid one",
    check(run) {
      for (const request of ["alone", "failing", "missing"] as const) {
        assert.match(requestId(run, request), UUID);
      }
      assert.equal(singleLine(run, "out of stock")["request_id"], requestId(run, "failing"));
    },
  },
  {
    title: "responds as without the preload",
    check(run) {
      const { called, failing, missing } = run.responses;
      assert.deepEqual(
        [called.status, JSON.parse(called.body)],
        [200, { id: "42", shelf: "B12", price: 4.5 }],
      );
      assert.deepEqual([failing.status, missing.status], [500, 404]);
    },
  },
];

const errors: readonly Assertion[] = [
  {
    title: "reports the failed request as one Sentry event, and an unknown path as none",
    check(run) {
      assert.equal(run.received.events.length, 1);
      const { level, exception } = singleEvent(run);
      assert.equal(level, "error");
      assert.equal(exception?.values?.length, 1);
      const [{ type, value, mechanism } = {}] = exception.values;
      assert.deepEqual([type, value], ["RangeError", "no 7 left"]);
      assert.deepEqual(mechanism, { type: "auto.http.server", handled: true });
    },
  },
  {
    title: "reports the event with its trace, request id and route",
    check(run) {
      const { contexts, tags, transaction } = singleEvent(run);
      const { traceId, spanId } = serverSpanOf(run, "failing");
      assert.deepEqual(pick(contexts?.["trace"], "trace_id", "span_id"), {
        trace_id: traceId,
        span_id: spanId,
      });
      assert.deepEqual(tags, { request_id: requestId(run, "failing") });
      assert.equal(transaction, "POST /api/orders/:id");
    },
  },
  {
    title: "reports the event with a stack that ends in the app's function, with source lines",
    check(run) {
      const frame = singleEvent(run).exception?.values?.[0]?.stacktrace?.frames?.at(-1);
      assert.equal(frame?.["function"], "order");
      assert.equal(frame["in_app"], true);
      assert.match(
        requireText(frame["context_line"]),
        /throw new RangeError\(`no \$\{id\} left`\)/,
      );
    },
  },
];

const exitAssertions: readonly Assertion[] = [
  {
    title: "has sent all created items, except queued ones",
    check(run) {
      const { spans: made, logs: records, events } = run.health.telemetry;
      // For five seconds an error could still request the four spans of the unsampled trace.
      const unsampled = made?.dropped === 0 ? { queued: 4, dropped: 0 } : { queued: 0, dropped: 4 };
      assert.deepEqual(made, { created: 14, sent: 10, ...unsampled });
      assert.deepEqual(records, { created: 8, sent: 8, queued: 0, dropped: 0 });
      const traces = { complete: 1, partial: 0, missing: 0 };
      assert.deepEqual(events, { created: 1, sent: 1, queued: 0, dropped: 0, traces });
    },
  },
  {
    title: "ends by SIGTERM, without a line of telltale",
    check(run) {
      assert.deepEqual(pick(run.ended, "code", "signal"), { code: null, signal: "SIGTERM" });
      assert.doesNotMatch(run.ended.stderr, /^telltale:|Warning/m);
    },
  },
];

function callAttributes(run: MatrixRun, target: string): object {
  return {
    "http.request.method": "GET",
    "http.response.status_code": 200,
    "network.protocol.version": "1.1",
    "server.address": "127.0.0.1",
    "server.port": run.stockPort,
    "url.full": `http://127.0.0.1:${run.stockPort}${target}`,
  };
}

function sortedByStatus<T extends object>(rows: readonly T[]): T[] {
  const status = (row: T): string =>
    (row as { http_response_status_code?: string }).http_response_status_code ?? "";
  return rows.toSorted((a, b) => status(a).localeCompare(status(b)));
}

/** Assertions for every framework, module system and Node, with titles that continue "A service …". */
export const assertions: readonly Assertion[] = [
  ...spans,
  ...logs,
  ...metrics,
  ...ids,
  ...errors,
  ...exitAssertions,
];
