import assert from "node:assert/strict";
import type { ReceivedEvent, ReceivedSpan } from "../../../src/testing/received.ts";
import {
  isTenantTrace,
  TENANT_COUNT,
  isolationChecks,
  type TenantTelemetry,
} from "../../integration/concurrency/tenants.ts";
import { PrefetchQueue } from "../../integration/prefetch-queue.ts";
import { type RequestCase, requestCases } from "./request-cases.ts";
import type { FrameworkRow } from "./row.ts";
import { requestCaseId, type FrameworkRun, expectedSpanCount } from "./run.ts";

/** Declares the tests that apply to each framework, however its app is started. */
export function describeRows<Row extends FrameworkRow>(
  rows: readonly Row[],
  run: (row: Row) => Promise<FrameworkRun>,
): void {
  const runs = new PrefetchQueue<Row, FrameworkRun>(rows, run);
  after(() => runs.drain());
  for (const row of rows) {
    describe(titleOf(row), () => describeRow(row, () => runs.get(row)));
  }
}

function describeRow(row: FrameworkRow, get: () => Promise<FrameworkRun>): void {
  let result: FrameworkRun;
  before(async () => {
    result = await get();
  });

  const table: readonly RequestCase[] = requestCases[row.requestCases];
  for (const [at, requestCase] of table.entries()) {
    const { title, request, route } = requestCase;
    it(`${title}: ${request} -> ${route ?? "no route"}`, () => checkRequestCase(result, at));
  }
  it("counts each request by method, route and status", () => checkCounts(result, row));
  it("creates no other spans than those of requests and calls", () => {
    assert.equal(result.received.spans.length, expectedSpanCount(table));
  });
  it("creates no other events", () => {
    const errors = table.filter(({ error }) => error !== undefined);
    assert.equal(result.received.events.length, errors.length + TENANT_COUNT);
  });
  it("writes no message of telltale to stderr", () =>
    assert.doesNotMatch(result.stderr, /^telltale:/m));
  for (const { title, check } of isolationChecks) {
    it(`of ${TENANT_COUNT} concurrent requests, ${title}`, () => check(tenantsOf(result)));
  }
}

function titleOf({ group, installed, moduleSystem, node, title }: FrameworkRow): string {
  if (title !== undefined) return title;
  const place = group === "frameworks" ? installed : `${installed} (${group})`;
  return `${place}, ${moduleSystem.toUpperCase()}, Node ${node}`;
}

/**
 * The span of a request has its route, and its error if there is one, which is
 * also the only event.
 */
function checkRequestCase(result: FrameworkRun, at: number): void {
  const { request, status, route, error } = result.requestCases[at] ?? assert.fail();
  const [method = ""] = request.split(" ");
  assert.equal(result.statuses[at], status);

  const span = spanOf(result, at);
  assert.equal(span.kind, "SERVER");
  assert.equal(span.attributes["http.route"], route);
  const name = route === undefined ? method : `${method} ${route}`;
  assert.equal(span.name, name);
  const isFailed = status >= 500 || error !== undefined;
  assert.equal(span.status.code, isFailed ? "ERROR" : "UNSET");
  assert.deepEqual(
    span.events.map(({ attributes }) => attributes["exception.message"]),
    error === undefined ? [] : [error],
  );

  const events = result.received.events.filter(({ tags }) => isOfRequestCase(tags, at));
  const transaction = route === undefined ? undefined : name;
  assert.deepEqual(events.map(summaryOf), error === undefined ? [] : [{ error, transaction }]);
  for (const { contexts } of events) {
    assert.equal(contexts?.["trace"]?.["span_id"], span.spanId);
  }
  checkWork(result, at, span);
}

/** All calls and log lines of a request belong to its span. */
function checkWork(
  { received, lines, requestCases: table, stockRequests }: FrameworkRun,
  at: number,
  span: ReceivedSpan,
): void {
  const { calls = 0, lines: messages = [] } = table[at] ?? assert.fail();
  const called = received.spans.filter(({ parentSpanId }) => parentSpanId === span.spanId);
  assert.equal(called.length, calls);
  for (const { traceId, spanId } of called) {
    const header = `00-${traceId}-${spanId}-`;
    assert.ok(
      stockRequests.some(({ headers }) => headers["traceparent"]?.toString().startsWith(header)),
    );
  }
  // Restify writes its own log lines, which have a `msg`.
  const logged = lines.filter(
    (line) => line["request_id"] === requestCaseId(at) && "message" in line,
  );
  assert.deepEqual(
    logged.map(({ message, trace_id: traceId, span_id: spanId }) => [message, traceId, spanId]),
    messages.map((message) => [message, span.traceId, span.spanId]),
  );
}

function spanOf({ received }: FrameworkRun, at: number): ReceivedSpan {
  const found = received.spans.filter(
    ({ attributes }) => attributes["telltale.request.id"] === requestCaseId(at),
  );
  assert.equal(found.length, 1);
  return found[0] ?? assert.fail();
}

function isOfRequestCase(tags: ReceivedEvent["tags"], at: number): boolean {
  return tags?.["request_id"] === requestCaseId(at);
}

function summaryOf({ exception, transaction }: ReceivedEvent): unknown {
  return { error: exception?.values?.at(-1)?.value, transaction };
}

/** Compares `http.server.request.duration` with the table and the concurrent requests. */
function checkCounts({ received, requestCases: table }: FrameworkRun, row: FrameworkRow): void {
  const metric = received.metrics.findLast(({ name }) => name === "http.server.request.duration");
  const counted = Object.fromEntries(
    (metric?.points ?? []).map(({ attributes, count }) => [
      keyOf(
        attributes["http.request.method"],
        attributes["http.route"],
        attributes["http.response.status_code"],
      ),
      count,
    ]),
  );
  const expected = { [keyOf("POST", tenantRoute(row), 500)]: TENANT_COUNT };
  for (const { request, route, status } of table) {
    const key = keyOf(request.split(" ")[0] ?? "", route, status);
    expected[key] = (expected[key] ?? 0) + 1;
  }
  assert.deepEqual(counted, expected);
}

function keyOf(method: unknown, route: unknown, status: unknown): string {
  return [method, route ?? "none", status].join(" ");
}

function tenantRoute({ app, prefix = "" }: FrameworkRow): string {
  if (app === "next") return `${prefix}/tenants/[tenant]`;
  if (app === "hapi") return "/tenants/{tenant}";
  if (app === "connect") return "/tenants";
  return app === "nest" ? `${prefix}/tenants/:id` : "/tenants/:tenant";
}

function tenantsOf({ received, lines, stockUrl, stockRequests }: FrameworkRun): TenantTelemetry {
  return {
    spans: received.spans.filter(isTenantTrace),
    events: received.events.filter(({ exception }) =>
      /^tenant \d+$/.test(exception?.values?.[0]?.value ?? ""),
    ),
    lines: lines.filter(({ tenant }) => tenant !== undefined),
    stockUrl,
    stockRequests,
  };
}
