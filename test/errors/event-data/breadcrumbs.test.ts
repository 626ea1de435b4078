import assert from "node:assert/strict";
import type { Attributes, HrTime } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { type Breadcrumb, type Event, Scope } from "@sentry/core";
import { BreadcrumbTrail, type TrailItem } from "../../../src/context/breadcrumb-trail.ts";
import {
  adjustBreadcrumbTimes,
  breadcrumbsOf,
  mergeBreadcrumbs,
} from "../../../src/errors/event-data/breadcrumbs.ts";
import { collectRecords } from "../../logs/requests.ts";

const SECOND = 1_764_450_000;
const ALL = ["log", "http", "query"] as const;

interface SpanOptions {
  readonly attributes: Attributes;
  readonly failed?: boolean;
  readonly ended?: boolean;
  readonly at?: number;
}

function spanOf({ attributes, failed, ended = true, at = 0 }: SpanOptions): ReadableSpan {
  const span: Partial<ReadableSpan> = {
    name: "the name",
    attributes,
    ended,
    endTime: [SECOND, at * 1e6] as HrTime,
    status: { code: failed === true ? 2 : 0 },
  };
  return span as ReadableSpan;
}

interface LineOptions {
  readonly body?: unknown;
  readonly severity?: number;
  readonly severityText?: string;
  readonly attributes?: Attributes;
  readonly logger?: string;
  readonly at?: number;
}

function lineOf(options: LineOptions): TrailItem {
  const { severity = 9, severityText, attributes = {}, at = 0 } = options;
  const body = "body" in options ? options.body : "text";
  const { provider, records } = collectRecords();
  provider.getLogger(options.logger ?? "winston").emit({
    body,
    severityNumber: severity,
    ...(severityText !== undefined && { severityText }),
    attributes,
    observedTimestamp: [SECOND, at * 1e6],
  });
  return records[0] ?? assert.fail();
}

function breadcrumbsFor(items: readonly TrailItem[], kinds: typeof ALL | [] = ALL): Breadcrumb[] {
  return breadcrumbsOf({ trail: new BreadcrumbTrail([...items]) }, kinds);
}

describe("The breadcrumb of an outgoing call", () => {
  const get = { "http.request.method": "GET", "http.response.status_code": 200 };
  const urls = [
    ["http://shop.test/a/b", "http://shop.test/a/b"],
    ["https://shop.test:8443/a?token=SECRET&b=1#c", "https://shop.test:8443/a"],
    ["https://ann:SECRET@shop.test/a", "https://shop.test/a"],
    ["https://REDACTED@shop.test?x=@/y", "https://shop.test"],
    ["https://shop.test/users/@ann", "https://shop.test/users/@ann"],
    ["http://[::1]:80/a", "http://[::1]:80/a"],
    ["nonsense", "nonsense"],
    ["", ""],
  ] as const;
  for (const [url, expected] of urls) {
    it(`has the URL ${JSON.stringify(url)} without credentials and query`, () => {
      const [breadcrumb] = breadcrumbsFor([spanOf({ attributes: { ...get, "url.full": url } })]);
      assert.deepEqual(breadcrumb, {
        type: "http",
        category: "http",
        timestamp: SECOND,
        data: { method: "GET", url: expected, status_code: 200 },
      });
    });
  }

  const results: readonly (readonly [Attributes, boolean, string | undefined, object])[] = [
    [{ "http.response.status_code": 204 }, false, undefined, { status_code: 204 }],
    [{ "http.response.status_code": 404 }, true, "warning", { status_code: 404 }],
    [{ "http.response.status_code": 503 }, true, "error", { status_code: 503 }],
    [{ "error.type": "ECONNREFUSED" }, true, "error", { reason: "ECONNREFUSED" }],
    [{}, false, undefined, {}],
  ];
  for (const [attributes, failed, level, data] of results) {
    it(`has the level ${level} after ${JSON.stringify(data)}`, () => {
      const all = { "http.request.method": "PUT", "url.full": "http://shop.test/", ...attributes };
      const [breadcrumb] = breadcrumbsFor([spanOf({ attributes: all, failed })]);
      assert.equal(breadcrumb?.level, level);
      assert.deepEqual(breadcrumb?.data, { method: "PUT", url: "http://shop.test/", ...data });
    });
  }

  it("has the names of earlier conventions", () => {
    const attributes = {
      "http.method": "POST",
      "http.url": "http://shop.test/?a",
      "http.status_code": 201,
    };
    const [breadcrumb] = breadcrumbsFor([spanOf({ attributes })]);
    assert.deepEqual(breadcrumb?.data, {
      method: "POST",
      url: "http://shop.test/",
      status_code: 201,
    });
  });

  it("does not exist for a call that has not ended, and for other client spans", () => {
    const attributes = { ...get, "url.full": "http://shop.test/" };
    const others = [spanOf({ attributes, ended: false }), spanOf({ attributes: { "rpc.x": 1 } })];
    assert.deepEqual(breadcrumbsFor(others), []);
  });
});

describe("The breadcrumb of a query", () => {
  const rows: readonly (readonly [string, Attributes, string])[] = [
    ["its text", { "db.query.text": "SELECT ?", "db.query.summary": "SELECT" }, "SELECT ?"],
    ["its text by an earlier convention", { "db.statement": "GET ?" }, "GET ?"],
    ["its summary, if it has no text", { "db.query.summary": "SELECT orders" }, "SELECT orders"],
    ["the name of its span, if it has neither", {}, "the name"],
    ["2048 characters of a long text", { "db.query.text": "x".repeat(3000) }, "x".repeat(2048)],
  ];
  for (const [what, attributes, message] of rows) {
    it(`has ${what} as its message`, () => {
      const all = { "db.system.name": "postgresql", "server.address": "db", ...attributes };
      const [breadcrumb] = breadcrumbsFor([spanOf({ attributes: all })]);
      assert.deepEqual(breadcrumb, {
        type: "query",
        category: "query",
        level: "info",
        message,
        timestamp: SECOND,
        data: { "db.system.name": "postgresql" },
      });
    });
  }

  it("shows that it failed", () => {
    const attributes = {
      "db.system": "mysql",
      "db.operation.name": "SELECT",
      "error.type": "1064",
    };
    const [breadcrumb] = breadcrumbsFor([spanOf({ attributes, failed: true })]);
    assert.equal(breadcrumb?.level, "error");
    assert.deepEqual(breadcrumb?.data, attributes);
  });
});

describe("The breadcrumb of a log line", () => {
  const levels: readonly (readonly [number, string | undefined, string])[] = [
    [21, "fatal", "fatal"],
    [17, "error", "error"],
    [13, "warn", "warning"],
    [9, "info", "info"],
    [9, "log", "log"],
    [0, "own", "info"],
    [5, "debug", "debug"],
    [1, "trace", "debug"],
  ];
  for (const [severity, severityText, level] of levels) {
    it(`has the level ${level} for ${severityText}`, () => {
      const line = lineOf({ severity, ...(severityText !== undefined && { severityText }) });
      assert.equal(breadcrumbsFor([line])[0]?.level, level);
    });
  }

  it("has the message, the fields and the logger, and no ids", () => {
    const attributes = {
      order: 7,
      express: true,
      url: "/orders/7?token=SECRET#x",
      originalUrl: "/orders?email=SECRET",
      curl: "not a URL?",
      req: { url: "/?token=SECRET", remoteAddress: "SECRET" } as never,
      items: ["SECRET"],
      remoteAddress: "SECRET",
      "telltale.request.id": "r",
      "user.id": "u",
      user_id: "u",
      "telltale.organization.id": "o",
      "sentry.event_id": "e",
      "exception.type": "TypeError",
      "exception.message": "no stock",
      "exception.stacktrace": "TypeError: no stock\n    at x",
    };
    assert.deepEqual(breadcrumbsFor([lineOf({ body: "ordered", attributes })]), [
      {
        category: "console",
        level: "info",
        message: "ordered",
        timestamp: SECOND,
        data: {
          logger: "winston",
          order: 7,
          express: true,
          url: "/orders/7",
          originalUrl: "/orders",
          curl: "not a URL?",
          "exception.type": "TypeError",
          "exception.message": "no stock",
        },
      },
    ]);
  });

  const loggers: readonly (readonly [string, Attributes, string])[] = [
    ["pino", { name: "orders" }, "orders"],
    ["bunyan", { name: "orders" }, "orders"],
    ["winston", { name: "Ann" }, "winston"],
    ["winston", { label: "orders" }, "orders"],
    ["winston", { logger: "orders", label: "other" }, "orders"],
    ["winston", { logger: 7 }, "winston"],
    ["console", {}, "console"],
  ];
  for (const [logger, attributes, expected] of loggers) {
    it(`names the logger ${expected} for ${logger} with ${JSON.stringify(attributes)}`, () => {
      const [breadcrumb] = breadcrumbsFor([lineOf({ logger, attributes })]);
      assert.equal(breadcrumb?.data?.["logger"], expected);
    });
  }

  it("is limited", () => {
    const attributes = Object.fromEntries(
      Array.from({ length: 50 }, (_, at) => [`field${at}`, "x".repeat(2000)]),
    );
    const [breadcrumb] = breadcrumbsFor([lineOf({ body: "y".repeat(3000), attributes })]);
    assert.equal(breadcrumb?.message?.length, 2048);
    assert.equal(Object.keys(breadcrumb?.data ?? {}).length, 31);
    assert.deepEqual(breadcrumb?.data?.["field0"], "x".repeat(1024));
  });

  for (const [body, message] of [
    [{ a: [1] }, '{"a":[1]}'],
    [undefined, ""],
    [12n, "12"],
  ] as const) {
    it(`has the message ${JSON.stringify(message)} for a body that is no text`, () => {
      assert.equal(breadcrumbsFor([lineOf({ body })])[0]?.message, message);
    });
  }
});

describe("The breadcrumbs of an event", () => {
  const items = [
    lineOf({ body: "one", at: 3 }),
    spanOf({ attributes: { "db.system": "x" }, at: 2 }),
    spanOf({ attributes: { "url.full": "http://a.test/" }, at: 1 }),
  ];
  const categories = (breadcrumbs: readonly Breadcrumb[]): unknown[] =>
    breadcrumbs.map(({ category }) => category);

  it("are in the order of time", () => {
    assert.deepEqual(categories(breadcrumbsFor(items)), ["http", "query", "console"]);
  });

  for (const [kind, expected] of [
    ["log", "console"],
    ["http", "http"],
    ["query", "query"],
  ] as const) {
    it(`are of the chosen kind ${kind}`, () => {
      const trail = new BreadcrumbTrail([...items]);
      assert.deepEqual(categories(breadcrumbsOf({ trail }, [kind])), [expected]);
    });
  }

  it("are none without a trail", () => {
    assert.deepEqual(breadcrumbsOf({ trail: undefined }, ALL), []);
  });

  /** Merges own breadcrumbs with those of the app, as an event has them: own ones first. */
  function merged(own: readonly number[], apps: readonly (number | undefined)[]): unknown[] {
    const ownOnes = breadcrumbsFor(own.map((at) => lineOf({ body: `own ${at}`, at })));
    const appOnes = apps.map((at, index): Breadcrumb => {
      const timestamp = at === undefined ? {} : { timestamp: SECOND + at / 1000 };
      return { message: `app ${index}`, ...timestamp };
    });
    const event: Event = { breadcrumbs: [...ownOnes, ...appOnes] };
    return mergeBreadcrumbs(event).breadcrumbs?.map(({ message }) => message) ?? [];
  }

  const rows: readonly (readonly [
    string,
    readonly number[],
    readonly (number | undefined)[],
    unknown,
  ])[] = [
    ["by time", [1, 3], [2, 4], ["own 1", "app 0", "own 3", "app 1"]],
    ["that the app has put out of order", [2], [3, 1], ["own 2", "app 0", "app 1"]],
    ["without a time", [2], [undefined, 3], ["app 0", "own 2", "app 1"]],
    ["with a time that is no number", [1], [Number.NaN], ["app 0", "own 1"]],
    ["alone", [], [2, 1], ["app 0", "app 1"]],
  ];
  for (const [what, own, apps, expected] of rows) {
    it(`include those of the app ${what}`, () => {
      assert.deepEqual(merged(own, apps), expected);
    });
  }

  it("are at most a hundred, the newest", () => {
    const own = Array.from({ length: 100 }, (_, at) => at * 2);
    const apps = Array.from({ length: 100 }, (_, at) => at * 2 + 1);
    const messages = merged(own, apps);
    assert.equal(messages.length, 100);
    assert.deepEqual([messages[0], messages.at(-1)], ["own 100", "app 99"]);
  });
});

describe("The time of a breadcrumb that the app adds", () => {
  const addTo = (scope: Scope, timestamp?: number): number => {
    scope.addBreadcrumb({ message: "x", ...(timestamp !== undefined && { timestamp }) });
    return scope.getLastBreadcrumb()?.timestamp ?? 0;
  };
  const scope = new Scope();
  adjustBreadcrumbTimes(scope);

  it("has fractions of milliseconds, so that its order among lines is exact", () => {
    const times = Array.from({ length: 20 }, () => addTo(scope));
    assert.ok(times.some((time) => !Number.isInteger(time * 1000)));
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(times).size, 20);
  });

  it("is kept if the app sets it", () => {
    assert.equal(addTo(scope, 12.5), 12.5);
    scope.setTag("a", 1);
    assert.equal(scope.getLastBreadcrumb()?.timestamp, 12.5);
  });

  it("survives that there are no breadcrumbs any more", () => {
    assert.ok(addTo(scope) > 0);
    assert.equal(scope.clearBreadcrumbs().getLastBreadcrumb(), undefined);
  });
});
