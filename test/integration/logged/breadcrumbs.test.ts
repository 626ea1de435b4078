import assert from "node:assert/strict";
import { eventText } from "../../errors/events.ts";
import { type LoggedRun, runApp } from "./run.ts";

type Breadcrumbs = NonNullable<LoggedRun["events"][number]["breadcrumbs"]>;

function breadcrumbsOf({ events }: LoggedRun, text: string): Breadcrumbs {
  const event = events.find((one) => eventText(one) === text);
  assert.ok(event, `${text} is not in ${events.map(eventText).join(", ")}`);
  return event.breadcrumbs ?? [];
}

/** What a breadcrumb is about: its category, and its message or path. */
function summarize(breadcrumbs: Breadcrumbs): string[] {
  return breadcrumbs.map(({ category, message, data }) => {
    const { url } = (data ?? {}) as { readonly url?: string };
    const about = url === undefined ? message : new URL(url).pathname;
    return `${String(category)}: ${String(about)}`;
  });
}

const lines = ["console: looking up x1", "console: little stock of x1", "console: printed x1"];
const calls = ["http: /items/x1", "http: /missing/x1"];
const queries = ["query: SELECT * FROM orders WHERE id = ? AND card = ?"];
const apps = ["stock: stock of x1", "stock: reserved x1"];
const inOrder = [
  "console: looking up x1",
  "http: /items/x1",
  "stock: stock of x1",
  "console: little stock of x1",
  "stock: reserved x1",
  "http: /missing/x1",
  "query: SELECT * FROM orders WHERE id = ? AND card = ?",
  "console: printed x1",
];

const modes: readonly (readonly [string, Record<string, string>, readonly string[]])[] = [
  ["by default", {}, inOrder],
  [
    "in a trace that is not sampled",
    { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" },
    inOrder,
  ],
  ["without log records", { OTEL_LOGS_EXPORTER: "none" }, inOrder],
  ["without errors of lines", { TELLTALE_LOG_EVENTS: "false" }, inOrder],
  ["of lines only", { TELLTALE_BREADCRUMBS: "log" }, [...lines, ...apps]],
  ["of calls only", { TELLTALE_BREADCRUMBS: "http" }, [...calls, ...apps]],
  ["of calls and queries", { TELLTALE_BREADCRUMBS: "query,http" }, [...calls, ...queries, ...apps]],
  ["of the app only", { TELLTALE_BREADCRUMBS: "none" }, apps],
  ["without traces", { OTEL_TRACES_EXPORTER: "none" }, inOrder],
  ["without a sampled trace", { OTEL_TRACES_SAMPLER: "always_off" }, [...lines, ...apps]],
];

describe("The breadcrumbs of a request", () => {
  for (const [mode, env, expected] of modes) {
    it(`are those before the error, in their order, ${mode}`, async () => {
      const run = await runApp("shop.mjs", env, ["order"]);
      assert.equal(run.ended.code, 0, run.ended.stderr);
      const found = summarize(breadcrumbsOf(run, "order x1"));
      const isBefore = env["TELLTALE_LOG_EVENTS"] !== "false";
      // Otherwise the error is captured when it has passed, after two more lines.
      const before = isBefore ? found : found.slice(0, -2);
      assert.deepEqual(
        before,
        inOrder.filter((one) => expected.includes(one)),
      );
      assert.doesNotMatch(JSON.stringify(breadcrumbsOf(run, "order x1")), /SECRET/);
      assert.equal(run.events.length, 2);
    });
  }

  it("have the shapes of Sentry's own", async () => {
    const run = await runApp("shop.mjs", {}, ["order"]);
    const breadcrumbs = breadcrumbsOf(run, "order x1");
    const now = Date.now() / 1000;
    const times = breadcrumbs.map(({ timestamp }) => Number(timestamp));
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.ok(times.every((time) => Math.abs(time - now) < 600));
    const shapes = breadcrumbs.map((one) => ({ ...one, timestamp: undefined }));
    const [line, call, , warning, , missing, query, printed] = shapes;
    assert.deepEqual(line, {
      timestamp: undefined,
      category: "console",
      level: "info",
      message: "looking up x1",
      data: { logger: "orders", order: "x1" },
    });
    assert.ok(call);
    const { url, ...data } = call["data"] as { readonly url: string };
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/items\/x1$/);
    assert.deepEqual(
      { ...call, data },
      {
        timestamp: undefined,
        category: "http",
        type: "http",
        data: { method: "GET", status_code: 200 },
      },
    );
    assert.deepEqual([warning?.["level"], missing?.["level"]], ["warning", "warning"]);
    assert.deepEqual(query, {
      timestamp: undefined,
      category: "query",
      type: "query",
      level: "info",
      message: "SELECT * FROM orders WHERE id = ? AND card = ?",
      data: {
        "db.system.name": "sqlite",
        "db.namespace": ":memory:",
        "db.operation.name": "SELECT",
      },
    });
    assert.deepEqual([printed?.["level"], printed?.["data"]], ["info", { logger: "console" }]);
  });

  it("are the newest hundred", async () => {
    const run = await runApp("shop.mjs", {}, ["many"]);
    const expected = Array.from({ length: 100 }, (_, at) => `console: line ${at + 50} of x1`);
    assert.deepEqual(summarize(breadcrumbsOf(run, "many of x1")), expected);
  });

  it("are separate in isolation scopes, after what was before", async () => {
    const run = await runApp("shop.mjs", {}, ["parts"]);
    const before = "console: before x1";
    for (const part of ["a", "b"]) {
      const expected = [before, `http: /${part}/x1`, `console: in ${part} of x1`];
      assert.deepEqual(summarize(breadcrumbsOf(run, `part ${part} of x1`)), expected);
    }
    assert.deepEqual(summarize(breadcrumbsOf(run, "after the parts of x1")), [before]);
  });

  it("show a call that has failed", async () => {
    const run = await runApp("shop.mjs", {}, ["refused"]);
    const [breadcrumb] = breadcrumbsOf(run, "fetch failed");
    assert.equal(breadcrumb?.["level"], "error");
    const { url, ...data } = breadcrumb["data"] as { readonly url: string };
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/x1$/);
    assert.deepEqual(data, { method: "GET", reason: "ECONNREFUSED" });
  });

  it("are not on events of the process, and the other way round", async () => {
    const run = await runApp("shop.mjs", {}, ["order"]);
    assert.deepEqual(summarize(breadcrumbsOf(run, "outside")), [
      "console: started",
      "http: /order/x1",
      "console: outside of requests",
    ]);
  });
});
