import assert from "node:assert/strict";
import { type PreloadApi, preloadApi, publishApi } from "../src/api.ts";
import * as api from "../src/index.ts";

const error = new Error("closed");
const check = { name: "db", run: (): void => {} };
const cache = new Map([["a", 1]]);

/** Calls of the public API, and what each returns without a preload. */
const calls: readonly (readonly [name: keyof typeof api, call: () => unknown, result: unknown])[] =
  [
    ["captureException", () => api.captureException(error), undefined],
    ["captureMessage", () => api.captureMessage("closed"), undefined],
    ["setUser", () => api.setUser({ id: 1 }), undefined],
    ["setOrganization", () => api.setOrganization("acme"), undefined],
    ["setTag", () => api.setTag("key", "value"), undefined],
    ["setContext", () => api.setContext("name", {}), undefined],
    ["addBreadcrumb", () => api.addBreadcrumb({ message: "step" }), undefined],
    ["withScope", () => api.withScope(() => "returned"), "returned"],
    ["job", () => api.job("sweep", (text: string) => text)("returned"), "returned"],
    ["watchCache", () => api.watchCache(cache, "cache"), cache],
    ["getCacheStats", () => api.getCacheStats(), []],
    ["addHealthCheck", () => api.addHealthCheck(check)(), undefined],
  ];

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
      setContext: recorder("setContext", undefined),
      addBreadcrumb: recorder("addBreadcrumb", undefined),
      withScope: (work) => {
        record(["withScope"]);
        return work();
      },
    },
    setOrganization: recorder("setOrganization", undefined),
    runJob: (name, work) => {
      record(["job", name]);
      return work();
    },
    caches: () => ({
      watch: recorder("watchCache", undefined),
      stats: recorder("getCacheStats", []),
    }),
    addHealthCheck: recorder("addHealthCheck", () => record(["removed"])),
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

  it("is listed here completely", () => {
    assert.deepEqual(calls.map(([name]) => name).toSorted(), Object.keys(api).toSorted());
  });

  for (const [name, call, result] of calls) {
    it(`does nothing in ${name} without a preload`, () => {
      assert.equal(preloadApi(), undefined);
      assert.deepEqual(call(), result);
    });

    it(`passes ${name} on to the preload`, () => {
      publishApi(recordingApi((entry) => recorded.push(entry)));
      call();
      assert.equal(recorded[0]?.[0], name);
    });
  }

  it("returns the id of the captured event", () => {
    publishApi(recordingApi(() => {}));
    assert.equal(api.captureException(error), "id");
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
  });

  it("doesn't throw when the preload does, or is of a version without a function", () => {
    const broken = (): never => assert.fail("broken");
    publishApi({ ...recordingApi(() => {}), caches: broken, addHealthCheck: broken });
    assert.equal(api.watchCache(cache, "cache"), cache);
    assert.deepEqual(api.getCacheStats(), []);
    api.addHealthCheck(check)();
    const earlier = { addHealthCheck: undefined, setOrganization: undefined };
    publishApi({ ...recordingApi(() => {}), ...earlier } as never);
    api.addHealthCheck(check)();
    api.setOrganization("acme");
  });
});
