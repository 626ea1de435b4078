import assert from "node:assert/strict";
import type { UnitSummary } from "../../../src/viewer/model.ts";
import { openStore, type TelemetryStore } from "../../../src/viewer/store/telemetry-store.ts";
import { logsOf, spanId, T0, type TestSpan, TRACE, tracesOf } from "./otlp-builder.ts";

/** A request to one service that calls another one, with a query in each. */
const request: readonly TestSpan[] = [
  {
    ...{ span: "root", kind: "server", name: "GET /orders/:id", end: 100 },
    attributes: {
      "http.request.method": "GET",
      "http.route": "/orders/:id",
      "url.path": "/orders/7",
      "url.query": "full=1",
      "http.response.status_code": 200,
      "http.request.header.accept": ["text/html", "*/*"],
      "http.response.header.content-type": ["application/json"],
      "user.id": "ada",
    },
  },
  { span: "load", parent: "root", name: "load order", start: 5, end: 60 },
  {
    ...{ span: "query", parent: "load", kind: "client", name: "SELECT orders", start: 10, end: 30 },
    attributes: { "db.system.name": "postgresql", "db.query.text": "SELECT * FROM orders" },
  },
  {
    ...{ span: "query2", parent: "load", kind: "client", name: "SELECT items", start: 20, end: 40 },
    attributes: {
      "db.system.name": "postgresql",
      "db.query.text": "SELECT * FROM items WHERE id = $1",
      "db.query.parameter.0": "7",
      "db.response.returned_rows": 3,
      "code.file.path": "/app/src/items.js",
      "code.line.number": 12,
    },
  },
  {
    ...{ span: "redis", parent: "load", kind: "client", name: "GET", start: 40, end: 45 },
    attributes: { "db.system.name": "redis", "telltale.cache.result": "miss" },
  },
  {
    ...{ span: "call", parent: "root", kind: "client", name: "GET", start: 60, end: 90 },
    attributes: { "http.request.method": "GET", "url.full": "http://localhost:3001/price" },
  },
  {
    ...{ span: "remote", parent: "call", kind: "server", name: "GET /price", start: 65, end: 85 },
    ...{ service: "prices", attributes: { "http.request.method": "GET", "http.route": "/price" } },
  },
  {
    ...{ span: "query3", parent: "remote", kind: "client", service: "prices", start: 70, end: 80 },
    attributes: { "db.system.name": "postgresql", "db.query.text": "SELECT price" },
  },
];

describe("The units of work of the viewer's store", () => {
  const stores: TelemetryStore[] = [];

  function memoryStore(): TelemetryStore {
    const store = openStore({ projectFolder: "/app", history: undefined });
    stores.push(store);
    return store;
  }

  function unitsOf(store: TelemetryStore): readonly UnitSummary[] {
    return store.units({ limit: 100, noise: true }).items;
  }

  afterEach(() => {
    for (const store of stores.splice(0)) store.close();
  });

  it("has a request with its calls, and the request of the other service", () => {
    const store = memoryStore();
    store.add("traces", tracesOf(...request));
    const [price, order] = unitsOf(store);
    assert.deepEqual(order, {
      ...{ id: spanId("root").slice(0, 8), traceId: TRACE, spanId: spanId("root") },
      ...{ kind: "request", service: "shop", run: "shop", name: "GET /orders/:id" },
      ...{ method: "GET", route: "/orders/:id", path: "/orders/7?full=1", status: 200 },
      ...{ start: T0, durationMs: 100, failed: false },
      counts: {
        ...{ spans: 8, queries: 3, queryMs: 40, cacheHits: 0, cacheMisses: 1 },
        ...{ calls: 1, callMs: 30, logs: 0, errors: 0, stalls: 0 },
      },
      ...{ nPlusOne: false, noise: false, pinned: false, profiles: [] },
    });
    assert.equal(price?.name, "GET /price");
    assert.equal(price.counts.queries, 1);
    assert.equal(price.counts.spans, 2);
  });

  for (const [title, order] of [
    ["children first", request.toReversed()],
    ["a part of the trace late", [...request.slice(3), ...request.slice(0, 3)]],
    ["spans twice", [...request, ...request]],
  ] as const) {
    it(`is the same if spans arrive in another order: ${title}`, () => {
      const [expected, actual] = [memoryStore(), memoryStore()];
      expected.add("traces", tracesOf(...request));
      for (const span of order) {
        actual.add("traces", tracesOf(span));
        actual.refresh();
      }
      assert.deepEqual(unitsOf(actual), unitsOf(expected));
      assert.deepEqual(actual.unit(TRACE), expected.unit(TRACE));
    });
  }

  it("shows a request whole: the waterfall over both services, in order", () => {
    const store = memoryStore();
    store.add("traces", tracesOf(...request));
    store.flush();
    const detail = store.unit(spanId("root"));
    assert.deepEqual(
      detail?.spans.map(({ name, depth, offsetMs, selfMs, service, focused }) => [
        ...[name, depth, offsetMs, selfMs],
        ...[service, focused],
      ]),
      [
        ["GET /orders/:id", 0, 0, 15, "shop", true],
        ["load order", 1, 5, 20, "shop", true],
        ["SELECT orders", 2, 10, 20, "shop", true],
        ["SELECT items", 2, 20, 20, "shop", true],
        ["GET", 2, 40, 5, "shop", true],
        ["GET", 1, 60, 10, "shop", true],
        ["GET /price", 2, 65, 10, "prices", true],
        ["query3", 3, 70, 10, "prices", true],
      ],
    );
    const query = detail.spans[3];
    assert.deepEqual(query?.query?.parameters, [{ key: "0", value: "7" }]);
    assert.equal(query.query.rows, 3);
    assert.deepEqual(query.place, {
      ...{ file: "/app/src/items.js", line: 12, shown: "src/items.js" },
    });
    assert.deepEqual(detail.spans[4]?.cache, { operation: "GET", hit: false });
    assert.deepEqual(detail.spans[5]?.call, { method: "GET", url: "http://localhost:3001/price" });
    assert.deepEqual(detail.timing, [
      { what: "queries", ms: 30 },
      { what: "cache", ms: 5 },
      { what: "calls", ms: 30 },
      { what: "code", ms: 35 },
    ]);
    assert.deepEqual(detail.requestHeaders, { accept: "text/html, */*" });
    assert.deepEqual(detail.responseHeaders, { "content-type": "application/json" });
    assert.equal(detail.omittedSpans, 0);
  });

  it("finds a unit by its id, its span and its trace", () => {
    const store = memoryStore();
    store.add("traces", tracesOf(...request));
    for (const id of [spanId("root").slice(0, 8), spanId("root"), TRACE, TRACE.toUpperCase()]) {
      assert.equal(store.unit(id)?.summary.spanId, spanId("root"), id);
    }
    for (const id of ["", "7", "0000000000", "__proto__", "x".repeat(100_000)]) {
      assert.equal(store.unit(id), undefined);
    }
  });

  it("counts log records and errors, and shows them in the request", () => {
    const store = memoryStore();
    const exception = { "exception.type": "TypeError", "exception.message": "no order" };
    store.add(
      "logs",
      logsOf(
        { body: "loading", at: 6, trace: TRACE, span: "load" },
        { body: "failed", at: 61, trace: TRACE, span: "root", severity: 17, attributes: exception },
        { body: "no span", at: 62, trace: TRACE },
      ),
    );
    const failed = {
      ...request[0]!,
      failed: "no order",
      events: [
        {
          name: "exception",
          at: 60,
          attributes: {
            ...exception,
            "exception.stacktrace":
              "TypeError: no order\n    at load (/app/src/order.js:3:7)\n    at next (/app/node_modules/express/router.js:1:1)",
          },
        },
      ],
    };
    store.add("traces", tracesOf(failed, ...request.slice(1)));
    const detail = store.unit(TRACE);
    assert.equal(detail?.summary.failed, true);
    assert.deepEqual([detail.summary.counts.logs, detail.summary.counts.errors], [3, 1]);
    assert.deepEqual(unitsOf(store)[1]?.counts, detail.summary.counts);
    assert.deepEqual(
      detail.logs.map(({ message, offsetMs, level }) => [message, offsetMs, level]),
      [
        ["loading", 6, "info"],
        ["failed", 61, "error"],
        ["no span", 62, "info"],
      ],
    );
    const [error] = detail.errors;
    assert.equal(detail.errors.length, 1);
    assert.equal(error?.type, "TypeError");
    assert.equal(error.offsetMs, 60);
    assert.deepEqual(error.frames[0], {
      ...{ file: "/app/src/order.js", line: 3, column: 7, function: "load" },
      shown: "src/order.js",
    });
  });

  it("finds queries that are repeated from one place, in each service by itself", () => {
    const store = memoryStore();
    const query = (number: number, parent: string): TestSpan => ({
      ...{ span: `${parent}${number}`, parent, kind: "client", name: "SELECT items" },
      ...{ start: 10 + number, end: 11 + number },
      attributes: {
        "db.system.name": "postgresql",
        "db.query.text": "SELECT * FROM items WHERE id = $1",
        "db.query.parameter.0": String(number),
        "code.file.path": "/app/src/items.js",
        "code.line.number": 12,
      },
    });
    const loop = Array.from({ length: 6 }, (_, number) => query(number, "root"));
    store.add("traces", tracesOf(...request, ...loop, query(1, "remote")));
    const [price, order] = unitsOf(store);
    assert.deepEqual([order?.nPlusOne, order?.repeated], [true, "warning"]);
    assert.deepEqual([price?.nPlusOne, price?.repeated], [false, undefined]);
    const [group] = store.unit(TRACE)?.repeated ?? [];
    assert.equal(group?.kind, "n+1");
    assert.deepEqual([group.count, group.distinct], [7, 7]);
    assert.equal(group.place?.shown, "src/items.js");
    assert.deepEqual(group.spanIds, [...loop.map(({ span }) => span), "query2"].map(spanId));
    assert.equal(store.units({ limit: 10, nPlusOne: true }).total, 1);
    const ignoring = openStore({
      projectFolder: "/app",
      history: undefined,
      ignore: ["src/items.js"],
    });
    stores.push(ignoring);
    ignoring.add("traces", tracesOf(...request, ...loop));
    assert.equal(ignoring.units({ limit: 10, nPlusOne: true }).total, 0);
    const excluding = memoryStore();
    const resource = { "telltale.repeated.ignore": ["SELECT * FROM items*"] };
    const excluded = loop.map((span) => ({ ...span, resource }));
    excluding.add("traces", tracesOf(...request, ...excluded));
    assert.equal(excluding.units({ limit: 10, nPlusOne: true }).total, 0);
  });

  it("shows stalls of the event loop with their stack", () => {
    const store = memoryStore();
    const stall = {
      ...{ name: "telltale.eventloop.stall", at: 50 },
      attributes: {
        "telltale.eventloop.stall.duration": 0.03,
        "code.stacktrace": "Error\n    at hash (/app/src/hash.js:9:3)",
      },
    };
    store.add("traces", tracesOf({ ...request[0]!, events: [stall] }));
    const detail = store.unit(TRACE);
    assert.equal(detail?.summary.counts.stalls, 1);
    assert.equal(detail.stalls[0]?.offsetMs, 20);
    assert.equal(detail.stalls[0].durationMs, 30);
    assert.equal(detail.stalls[0].place?.shown, "src/hash.js");
  });

  it("lists messages and jobs, and work without a unit as noise", () => {
    const store = memoryStore();
    const trace = (digit: string): string => digit.repeat(32);
    store.add(
      "traces",
      tracesOf(
        { span: "consume", trace: trace("1"), kind: "consumer", name: "process orders" },
        {
          ...{ span: "job", trace: trace("2"), name: "nightly" },
          attributes: { "telltale.job.name": "nightly" },
        },
        { span: "startup", trace: trace("3"), kind: "client", name: "SELECT migrations" },
      ),
    );
    assert.deepEqual(
      unitsOf(store)
        .map(({ kind, name, noise }) => [kind, name, noise])
        .toSorted((a, b) => String(a).localeCompare(String(b))),
      [
        ["job", "nightly", false],
        ["job", "SELECT migrations", true],
        ["message", "process orders", false],
      ],
    );
  });

  it("has spans whose parent never arrives as one unit, until it arrives", () => {
    const store = memoryStore();
    store.add("traces", tracesOf(...request.slice(1, 6)));
    assert.deepEqual(unitsOf(store), []);
    store.settle();
    const [orphans] = unitsOf(store);
    assert.equal(orphans?.counts.spans, 5);
    assert.equal(orphans.noise, true);
    assert.equal(store.unit(orphans.id)?.spans.length, 5);
    store.add("traces", tracesOf(request[0]!));
    assert.deepEqual(
      unitsOf(store).map(({ name }) => name),
      ["GET /orders/:id"],
    );
  });

  it("takes a server span with a parent in its own process for a part of that unit", () => {
    const store = memoryStore();
    store.add(
      "traces",
      tracesOf(
        { span: "http", kind: "server", name: "GET /", end: 20 },
        { span: "next", parent: "http", kind: "server", name: "render", start: 1, end: 19 },
        { span: "known", parent: "http", kind: "server", name: "own", flags: 0x100, end: 5 },
        { span: "self", parent: "http", kind: "client", start: 2, end: 9 },
        { span: "again", parent: "self", kind: "server", name: "GET /self", start: 3, end: 8 },
      ),
    );
    assert.deepEqual(
      unitsOf(store)
        .map(({ name }) => name)
        .toSorted((a, b) => a.localeCompare(b)),
      ["GET /", "GET /self"],
    );
  });

  it("is not confused by spans that are their own ancestors", () => {
    const store = memoryStore();
    store.add(
      "traces",
      tracesOf(
        { span: "a", parent: "b" },
        { span: "b", parent: "c" },
        { span: "c", parent: "a" },
        { span: "self", parent: "self" },
      ),
    );
    store.settle();
    const total = unitsOf(store).reduce((sum, { counts }) => sum + counts.spans, 0);
    assert.equal(total, 4);
    for (const { id } of unitsOf(store)) assert.ok(store.unit(id));
  });

  it("rejects items with malformed ids and times, and takes the others", () => {
    const store = memoryStore();
    const good = tracesOf({ span: "good", kind: "server" });
    const rows = [
      { traceId: "xyz" },
      { traceId: "0".repeat(32) },
      { spanId: "" },
      { parentSpanId: "12" },
      { startTimeUnixNano: "yesterday" },
    ];
    for (const row of rows) {
      const [group] = tracesOf({ span: "bad", kind: "server" })["resourceSpans"] as unknown[];
      const bad = structuredClone(group) as { scopeSpans: { spans: object[] }[] };
      Object.assign(bad.scopeSpans[0]!.spans[0]!, row);
      assert.equal(store.add("traces", { resourceSpans: [bad] }), 1, JSON.stringify(row));
    }
    assert.equal(store.add("traces", good), 0);
    assert.equal(unitsOf(store).length, 1);
  });
});
