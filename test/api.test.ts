import assert from "node:assert/strict";
import {
  type CheckIn,
  type MonitorConfig,
  Scope,
  type SendFeedbackParams,
  type withMonitor,
} from "@sentry/core";
import { type LoggerApi, type PreloadApi, preloadApi, publishApi } from "../src/api.ts";
import * as api from "../src/index.ts";
import { noopScope } from "../src/public-api/noop-scope.ts";

const error = new Error("closed");
const ended = { monitorSlug: "report", status: "ok", checkInId: "5d6f9a4c" } as const;
const check = { name: "db", run: (): void => {} };
const cache = new Map([["a", 1]]);
const extension = { healthChecks: {} };

/** Calls of the public API, and what each returns without a preload. */
const calls: readonly (readonly [name: keyof typeof api, call: () => unknown, result: unknown])[] =
  [
    ["captureException", () => api.captureException(error), undefined],
    ["captureMessage", () => api.captureMessage("closed"), undefined],
    ["setUser", () => api.setUser({ id: 1 }), undefined],
    ["setOrganization", () => api.setOrganization("acme"), undefined],
    ["setRequestId", () => api.setRequestId("id-1"), undefined],
    ["keepTrace", () => api.keepTrace(), undefined],
    ["setTag", () => api.setTag("key", "value"), undefined],
    ["setTags", () => api.setTags({ key: "value" }), undefined],
    ["setExtra", () => api.setExtra("key", [1]), undefined],
    ["setExtras", () => api.setExtras({ key: [1] }), undefined],
    ["setContext", () => api.setContext("name", {}), undefined],
    ["addBreadcrumb", () => api.addBreadcrumb({ message: "step" }), undefined],
    ["withScope", () => api.withScope(() => "returned"), "returned"],
    ["withIsolationScope", () => api.withIsolationScope(() => "returned"), "returned"],
    ["lastEventId", () => api.lastEventId(), undefined],
    ["captureFeedback", () => api.captureFeedback({ message: "slow" }), undefined],
    ["captureCheckIn", () => api.captureCheckIn(ended), "5d6f9a4c"],
    ["withMonitor", () => api.withMonitor("report", () => "returned"), "returned"],
    ["flush", () => api.flush(), false],
    ["job", () => api.job("sweep", (text: string) => text)("returned"), "returned"],
    ["watchCache", () => api.watchCache(cache, "cache"), cache],
    ["getCacheStats", () => api.getCacheStats(), []],
    ["getMetricsSummary", () => api.getMetricsSummary(), undefined],
    ["getEndpointMetrics", () => api.getEndpointMetrics("/orders"), undefined],
    ["counter", () => api.counter("orders").add(1), undefined],
    ["gauge", () => api.gauge("baskets").bind().add(1), undefined],
    ["histogram", () => typeof api.histogram("checkout").startTimer()(), "number"],
    [
      "summary",
      () => api.summary("parcel", { labels: ["kind"] }).record(1, { kind: "a" }),
      undefined,
    ],
    ["logPerformance", () => api.logPerformance("import", 1.5, { orders: 3 }), undefined],
    ["time", () => api.time("import", () => "returned"), "returned"],
    [
      "logSecurityEvent",
      () => api.logSecurityEvent("failed_login", { severity: "low" }),
      undefined,
    ],
    ["defineConfig", () => api.defineConfig(extension), extension],
    ["sendAlert", () => api.sendAlert("disk full", { severity: "critical" }), undefined],
    ["addHealthCheck", () => api.addHealthCheck(check)(), undefined],
    ["registerCacheWarmer", () => api.registerCacheWarmer("products", check.run)(), undefined],
    ["gracefulShutdown", () => api.gracefulShutdown({ close() {}, listen() {} }), undefined],
    ["setLogLevel", () => api.setLogLevel("api", "debug"), undefined],
    ["addRedaction", () => api.addRedaction({ fields: ["nationalId"] }), undefined],
  ];

const instruments: readonly string[] = ["counter", "gauge", "histogram", "summary"];

/** Code that is written for Sentry compiles with the public API. */
const functionsForSentry: {
  readonly captureFeedback: (
    feedback: SendFeedbackParams,
    hint: { readonly attachments: { filename: string; data: string | Uint8Array }[] },
  ) => string | undefined;
  readonly captureCheckIn: (checkIn: CheckIn, config?: MonitorConfig) => string;
  readonly withMonitor: typeof withMonitor;
} = api;

/** Records the calls that reach the preload. */
function recordingApi(record: (call: readonly unknown[]) => void): PreloadApi {
  const recorder =
    <R>(name: string, result: R) =>
    (...args: unknown[]): R => {
      record([name, ...args]);
      return result;
    };
  return {
    version: "0.0.0",
    errors: {
      captureException: recorder("captureException", "id"),
      captureMessage: recorder("captureMessage", "id"),
      setUser: recorder("setUser", undefined),
      setTag: recorder("setTag", undefined),
      setTags: recorder("setTags", undefined),
      setExtra: recorder("setExtra", undefined),
      setExtras: recorder("setExtras", undefined),
      setContext: recorder("setContext", undefined),
      addBreadcrumb: recorder("addBreadcrumb", undefined),
      withScope: (work) => {
        record(["withScope"]);
        return work(undefined);
      },
      withIsolationScope: (work) => {
        record(["withIsolationScope"]);
        return work(undefined);
      },
      lastEventId: recorder("lastEventId", "id"),
      captureFeedback: recorder("captureFeedback", "id"),
      captureCheckIn: recorder("captureCheckIn", "id"),
      withMonitor: (slug, work) => {
        record(["withMonitor", slug]);
        return work();
      },
      flush: recorder("flush", Promise.resolve(true)),
    },
    setOrganization: recorder("setOrganization", undefined),
    setRequestId: recorder("setRequestId", undefined),
    keepTrace: recorder("keepTrace", undefined),
    sendAlert: recorder("sendAlert", undefined),
    runJob: (name, work) => {
      record(["job", name]);
      return work();
    },
    caches: () => ({
      watch: recorder("watchCache", undefined),
      stats: recorder("getCacheStats", []),
    }),
    requests: () => ({
      summary: recorder("getMetricsSummary", undefined as never),
      endpoint: recorder("getEndpointMetrics", undefined),
      endpoints: () => [],
    }),
    events: () => ({
      logPerformance: recorder("logPerformance", undefined),
      time: (operation, work) => {
        record(["time", operation]);
        return work();
      },
      logSecurityEvent: recorder("logSecurityEvent", undefined),
    }),
    instruments: () => ({
      create: (...args) => {
        record(["create", ...args]);
        return {
          add: recorder("add", undefined),
          record: recorder("record", undefined),
          bind: (labels) => {
            record(["bind", labels]);
            return { add: recorder("add", undefined), record: recorder("record", undefined) };
          },
        };
      },
    }),
    servePage: recorder("servePage", undefined),
    addHealthCheck: recorder("addHealthCheck", () => record(["removed"])),
    registerCacheWarmer: recorder("registerCacheWarmer", () => record(["removed"])),
    gracefulShutdown: recorder("gracefulShutdown", undefined),
    logger: () =>
      ({
        changeLevel: recorder("setLogLevel", undefined),
        addRedaction: recorder("addRedaction", undefined),
      }) as unknown as LoggerApi,
  };
}

describe("The public API", () => {
  let recorded: (readonly unknown[])[];
  beforeEach(() => {
    recorded = [];
  });
  afterEach(() => {
    delete (globalThis as Record<symbol, unknown>)[Symbol.for("telltale")];
  });

  it("has the functions of Sentry with the arguments of Sentry", () => {
    const { captureFeedback, captureCheckIn, withMonitor } = functionsForSentry;
    for (const one of [captureFeedback, captureCheckIn, withMonitor])
      assert.equal(typeof one, "function");
  });

  it("is listed here completely", () => {
    assert.deepEqual(calls.map(([name]) => name).toSorted(), Object.keys(api).toSorted());
  });

  for (const [name, call, result] of calls) {
    it(`does nothing in ${name} without a preload`, async () => {
      assert.equal(preloadApi(), undefined);
      assert.deepEqual(await call(), result);
    });

    // It has an effect where the preload loads the module with its result.
    if (name === "defineConfig") continue;
    it(`passes ${name} on to the preload`, () => {
      publishApi(recordingApi((entry) => recorded.push(entry)));
      call();
      assert.equal(recorded[0]?.[0], instruments.includes(name) ? "create" : name);
    });
  }

  it("returns the id of the captured event", () => {
    publishApi(recordingApi(() => {}));
    assert.equal(api.captureException(error), "id");
  });

  it("returns a new id for each check-in that starts without Sentry, as Sentry does", () => {
    const ids = [1, 2].map(() =>
      api.captureCheckIn({ monitorSlug: "report", status: "in_progress" }),
    );
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
    assert.notEqual(ids[0], ids[1]);
    assert.match(api.captureCheckIn(undefined as never), /^[0-9a-f]{32}$/);
  });

  it("passes on the promise and the error of a monitored callback without Sentry", () => {
    const promise = Promise.resolve(1);
    assert.equal(
      api.withMonitor("report", () => promise),
      promise,
    );
    assert.throws(
      () =>
        api.withMonitor("report", () => {
          throw error;
        }),
      error,
    );
  });

  it("runs each call of a job with its this and arguments", () => {
    publishApi(recordingApi((entry) => recorded.push(entry)));
    const counter = {
      total: 1,
      add: api.job("add", function (this: { total: number }, count: number) {
        return (this.total += count);
      }),
    };
    assert.deepEqual([counter.add(2), counter.add(3)], [3, 6]);
    assert.deepEqual(recorded, [
      ["job", "add"],
      ["job", "add"],
    ]);
  });

  it("removes a health check", () => {
    publishApi(recordingApi((entry) => recorded.push(entry)));
    api.addHealthCheck(check)();
    assert.deepEqual(recorded, [["addHealthCheck", check], ["removed"]]);
    recorded.length = 0;
    const options = { timeout: 500, interval: 2000, critical: false };
    api.addHealthCheck(check.name, check.run, options);
    const valid = { ...check, timeoutMs: 500, intervalMs: 2000, critical: false };
    assert.deepEqual(recorded, [["addHealthCheck", valid]]);
  });

  it("doesn't throw when the preload does", () => {
    const broken = (): never => assert.fail("broken");
    publishApi({
      ...recordingApi(() => {}),
      caches: broken,
      events: broken,
      instruments: broken,
      addHealthCheck: broken,
    });
    assert.equal(api.watchCache(cache, "cache"), cache);
    assert.deepEqual(api.getCacheStats(), []);
    api.addHealthCheck(check)();
    assert.equal(
      api.time("import", () => 1),
      1,
    );
    api.logPerformance("import", 1);
    api.logSecurityEvent("login");
    api.counter("orders").add(1);
  });

  it("does nothing where a preload of an earlier version lacks a function", async () => {
    const { captureException } = recordingApi(() => {}).errors;
    publishApi({ version: "0.0.0", errors: { captureException } } as never);
    const names = ["setOrganization", "setRequestId", "keepTrace", "setTags", "setExtra"];
    const monitors = ["captureFeedback", "captureCheckIn", "withMonitor"];
    const scopes = ["setExtras", "withIsolationScope", "lastEventId", "flush"];
    const events = ["logPerformance", "time", "logSecurityEvent", "sendAlert"];
    const added = [...instruments, ...events, ...names, ...monitors, ...scopes];
    for (const [name, call, result] of calls) {
      if (added.includes(name)) assert.deepEqual(await call(), result, name);
    }
    api.addHealthCheck(check)();
  });

  for (const run of [api.withScope, api.withIsolationScope]) {
    for (const preload of ["without", "with"]) {
      it(`passes a scope without effect to ${run.name} where Sentry is missing, ${preload} a preload`, () => {
        if (preload === "with") publishApi(recordingApi(() => {}));
        run((scope) => {
          const same = scope.setTag("a", 1).setTags({ b: 2 }).setUser({ id: 1 }).setExtra("c", 3);
          assert.equal(same.setLevel("fatal").setFingerprint(["d"]).clearBreadcrumbs(), scope);
          assert.equal(scope.lastEventId(), undefined);
        });
      });
    }
  }

  it("has each method of Sentry's scope on the one without effect", () => {
    const methods = Object.getOwnPropertyNames(Scope.prototype);
    const expected = methods.filter((name) => !name.startsWith("_") && name !== "constructor");
    assert.deepEqual(Object.keys(noopScope).toSorted(), expected.toSorted());
    for (const name of expected) {
      assert.doesNotThrow(() => (noopScope as unknown as Record<string, () => void>)[name]?.());
    }
  });
});
