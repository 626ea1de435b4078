import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { UnitSummary, ViewerEvent } from "../../../src/viewer/model.ts";
import { openStore, type TelemetryStore } from "../../../src/viewer/store/telemetry-store.ts";
import { isNoise } from "../../../src/viewer/store/units/noise.ts";
import type { UnitFilter } from "../../../src/viewer/viewer-store.ts";
import {
  logsOf,
  nanoseconds,
  otlpAttributes,
  T0,
  type TestSpan,
  tracesOf,
} from "./otlp-builder.ts";

describe("The lists of the viewer", () => {
  let store: TelemetryStore;

  beforeEach(() => {
    store = openStore({ projectFolder: "", history: undefined });
  });
  afterEach(() => store.close());

  function namesOf(filter: UnitFilter): string[] {
    return store
      .units({ ...filter, limit: 100 })
      .items.map(({ path }) => path ?? "")
      .toSorted();
  }

  const filters: readonly (readonly [UnitFilter, readonly string[]])[] = [
    [{}, ["/a", "/b", "/c"]],
    [{ noise: true }, ["/a", "/b", "/c", "/healthz"]],
    [{ text: "/B" }, ["/b"]],
    [{ text: "ADA" }, ["/c"]],
    [{ name: "GET /a" }, ["/a"]],
    [{ status: "404" }, ["/b"]],
    [{ status: "5xx" }, ["/c"]],
    [{ status: "2xx" }, ["/a"]],
    [{ minMs: 20 }, ["/b", "/c"]],
    [{ minMs: 20, maxMs: 20 }, ["/b"]],
    [{ service: "shop" }, ["/a", "/b"]],
    [{ run: "current", noise: true }, ["/b", "/c", "/healthz"]],
    [{ run: "previous" }, ["/a"]],
    [{ run: "one" }, ["/a"]],
    [{ run: "main" }, ["/a"]],
    [{ run: "none" }, []],
    [{ failed: true }, ["/c"]],
    [{ kind: "message" }, []],
    [{ attributes: [{ key: "user.id", value: "ada" }] }, ["/c"]],
    [{ attributes: [{ key: "user.id", value: "ad" }] }, []],
    [{ attributes: [{ key: "order", value: "7" }] }, ["/a"]],
    [
      {
        attributes: [
          { key: "order", value: "7" },
          { key: "user.id", value: "ada" },
        ],
      },
      [],
    ],
  ];
  for (const [filter, expected] of filters) {
    it(`have what a filter selects: ${JSON.stringify(filter)}`, () => {
      addRequests();
      assert.deepEqual(namesOf(filter), expected);
    });
  }

  function addRequests(): void {
    const of = (span: string, ms: number, status: number, more: Partial<TestSpan>): TestSpan => {
      const path = span === "h" ? "/healthz" : `/${span}`;
      return {
        ...{ span, trace: span.charCodeAt(0).toString(16).padStart(32, "1"), kind: "server" },
        ...{ name: `GET ${path}`, end: (more.start ?? 0) + ms },
        ...more,
        attributes: {
          "http.request.method": "GET",
          "http.response.status_code": status,
          "url.path": path,
          ...more.attributes,
        },
      };
    };
    store.add(
      "traces",
      tracesOf(
        of("a", 10, 200, { run: "one", service: "shop" }),
        {
          ...of("i", 1, 0, {}),
          ...{
            trace: "61".padStart(32, "1"),
            parent: "a",
            kind: "internal",
            attributes: { order: 7 },
          },
        },
        of("b", 20, 404, { run: "two", service: "shop", start: 1000 }),
        of("c", 30, 500, { service: "stock", attributes: { "user.id": "ada" } }),
        of("h", 1, 200, { service: "stock" }),
      ),
    );
    store.setBaseline("one", "main");
  }

  it("have pages that are the whole list in order, whatever is sorted by", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ start: fc.nat(5), ms: fc.nat(5) }), { maxLength: 40 }),
        fc.constantFrom("start", "duration", "queries", "queryMs"),
        fc.constantFrom("asc", "desc"),
        fc.integer({ min: 1, max: 7 }),
        (requests, sort, order, limit) => {
          const own = openStore({ projectFolder: "", history: undefined });
          own.add(
            "traces",
            tracesOf(
              ...requests.map(({ start, ms }, index): TestSpan => ({
                ...{ span: `s${index}`, trace: (index + 1).toString(16).padStart(32, "1") },
                ...{ kind: "server", start, end: start + ms },
              })),
            ),
          );
          const paged: UnitSummary[] = [];
          let cursor: string | undefined;
          do {
            const page = own.units({ sort, order, limit, cursor });
            assert.equal(page.total, requests.length);
            paged.push(...page.items);
            cursor = page.next;
          } while (cursor !== undefined);
          assert.deepEqual(paged, own.units({ sort, order, limit: 1000 }).items);
          assert.equal(new Set(paged.map(({ id }) => id)).size, requests.length);
          const key = sort === "start" ? "start" : "durationMs";
          if (sort === "start" || sort === "duration") {
            const values = paged.map((unit) => unit[key]);
            const sorted = values.toSorted((a, b) => (order === "asc" ? a - b : b - a));
            assert.deepEqual(values, sorted);
          }
          own.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  it("have routes with their percentiles", () => {
    const spans = Array.from({ length: 100 }, (_, index): TestSpan => ({
      ...{ span: `s${index}`, trace: (index + 1).toString(16).padStart(32, "1"), kind: "server" },
      ...{ name: "GET /a", end: index + 1, start: 0 },
      ...(index < 3 && { failed: "no" }),
    }));
    store.add("traces", tracesOf(...spans));
    const [route] = store.routes({});
    assert.deepEqual(
      [route?.name, route?.count, route?.failed, route?.p50Ms, route?.p95Ms, route?.maxMs],
      ["GET /a", 100, 3, 50.5, 95.05, 100],
    );
  });

  it("have log records with a level, a text, a service or a trace", () => {
    store.add(
      "logs",
      logsOf(
        { body: "first", at: 1, severity: 5 },
        { body: "second", at: 2, severity: 13, service: "stock" },
        { body: "third", at: 3, severity: 17, trace: "1".repeat(32), attributes: { order: 7 } },
      ),
    );
    const messages = (query: object): string[] =>
      store.logs({ limit: 10, ...query }).items.map(({ message }) => message);
    assert.deepEqual(messages({}), ["third", "second", "first"]);
    assert.deepEqual(messages({ level: "warn" }), ["third", "second"]);
    assert.deepEqual(messages({ service: "stock" }), ["second"]);
    assert.deepEqual(messages({ text: "FIRST" }), ["first"]);
    assert.deepEqual(messages({ text: `"order":7` }), ["third"]);
    assert.deepEqual(messages({ traceId: "1".repeat(32) }), ["third"]);
    const page = store.logs({ limit: 2 });
    assert.deepEqual(
      store.logs({ limit: 2, cursor: page.next }).items.map(({ message }) => message),
      ["first"],
    );
  });

  it("have metrics as charts: values, rates of counters, rates and means of histograms", () => {
    const point = (seconds: number, more: object): object => ({
      timeUnixNano: nanoseconds(seconds * 1000),
      attributes: otlpAttributes({ route: "/a" }),
      ...more,
    });
    const metrics = [
      {
        name: "memory",
        unit: "By",
        gauge: { dataPoints: [point(0, { asInt: "5" }), point(1, { asDouble: 7 })] },
      },
      {
        name: "requests",
        sum: {
          isMonotonic: true,
          aggregationTemporality: 2,
          dataPoints: [
            point(0, { asInt: "10" }),
            point(2, { asInt: "30" }),
            point(3, { asInt: "1" }),
            point(4, { asInt: "3" }),
          ],
        },
      },
      {
        name: "duration",
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [point(0, { count: "2", sum: 4 }), point(1, { count: "4", sum: 10 })],
        },
      },
    ];
    const request = {
      resourceMetrics: [
        {
          resource: { attributes: otlpAttributes({ "service.name": "shop" }) },
          scopeMetrics: [{ metrics }],
        },
      ],
    };
    assert.equal(store.add("metrics", request), 0);
    const charts = store
      .metrics("shop")
      .map(({ name, statistic, points }) => [
        name,
        statistic,
        points.map(({ time, value }) => [time - T0, value]),
      ]);
    assert.deepEqual(charts, [
      ["duration", "rate", [[1000, 2]]],
      ["duration", "mean", [[1000, 3]]],
      [
        "memory",
        "value",
        [
          [0, 5],
          [1000, 7],
        ],
      ],
      [
        "requests",
        "rate",
        [
          [2000, 10],
          [4000, 2],
        ],
      ],
    ]);
    assert.deepEqual(store.metrics("other"), []);
  });

  it("have runs with their commit, and the number of their requests", () => {
    const resource = otlpAttributes({
      "service.name": "shop",
      "telltale.run.id": "r1",
      "telltale.run.start": new Date(T0 - 5000).toISOString(),
      "vcs.ref.head.revision": "abc",
      "vcs.ref.head.name": "main",
      "telltale.vcs.dirty": true,
      "process.runtime.version": "26.10.0",
      "process.pid": 7,
    });
    const [group] = tracesOf({ span: "a", kind: "server" })["resourceSpans"] as object[];
    store.add("traces", { resourceSpans: [{ ...group, resource: { attributes: resource } }] });
    assert.deepEqual(store.runs(), [
      {
        ...{ id: "r1", service: "shop", start: T0 - 5000, commit: "abc", branch: "main" },
        ...{ dirty: true, nodeVersion: "26.10.0", pid: 7, requests: 1 },
      },
    ]);
  });

  it("announce what changes", () => {
    const events: ViewerEvent[] = [];
    const end = store.subscribe((event) => events.push(event));
    store.add("traces", tracesOf({ span: "a", kind: "server" }));
    store.add("logs", logsOf({ body: "x" }));
    store.refresh();
    store.clear();
    end();
    store.add("logs", logsOf({ body: "y" }));
    assert.deepEqual(
      events.map(({ type }) => type),
      ["run", "log", "unit", "removed", "cleared"],
    );
  });

  it("have the profiles of a request, also one that arrives before it", () => {
    const profile = {
      ...{
        kind: "cpu" as const,
        service: "shop",
        name: "GET /",
        traceId: "0af7651916cd43dd8448eb211c80319c",
      },
      ...{ start: T0, durationMs: 5, overlapping: 0, samples: 9, content: { nodes: [1] } },
    };
    const spanId = Buffer.from("a_______").toString("hex");
    const early = store.addProfile({ ...profile, spanId });
    assert.equal(early.unit, undefined);
    store.add("traces", tracesOf({ span: "a", kind: "server" }));
    const [unit] = store.units({ limit: 1 }).items;
    const late = store.addProfile({ ...profile, spanId });
    assert.equal(late.unit, unit?.id);
    const detail = store.unit(unit?.id ?? "");
    assert.deepEqual(
      detail?.profiles.map(({ id, unit: of }) => [id, of]),
      [
        [early.id, unit?.id],
        [late.id, unit?.id],
      ],
    );
    store.flush();
    assert.deepEqual(store.profile(late.id), { summary: late, content: { nodes: [1] } });
    assert.equal(store.profile("none"), undefined);
  });
});

describe("Requests that the list hides", () => {
  const rows = [
    ["GET", "/healthz", true],
    ["HEAD", "/health?full=1", true],
    ["GET", "/api/v1/ready", true],
    ["GET", "/metrics", true],
    ["GET", "/favicon.ico", true],
    ["GET", "/static/app.9f8e.JS", true],
    ["GET", "/_next/static/chunks/1", true],
    ["POST", "/healthz", false],
    ["GET", "/healthcare", false],
    ["GET", "/orders/7", false],
    ["GET", "/files/report.pdf", false],
    ["GET", "/orders?file=a.js", false],
    ["GET", "/", false],
    [undefined, undefined, false],
  ] as const;
  for (const [method, path, expected] of rows) {
    it(`${expected ? "include" : "do not include"} ${method} ${path}`, () => {
      assert.equal(isNoise(method, path, {}), expected);
    });
  }

  it("include those of a probe, whatever their path is", () => {
    assert.equal(isNoise("GET", "/", { "user_agent.original": "kube-probe/1.30" }), true);
  });
});
