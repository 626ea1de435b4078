import assert from "node:assert/strict";
import type { CacheWarmer, CacheWarmerOptions } from "../../src/api.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { CacheWarmers } from "../../src/warming/cache-warmers.ts";
import { delayOf } from "../../src/warming/registered-warmer.ts";
import type { WarmingRun } from "../../src/warming/warming-run.ts";
import { collectRecords } from "../logs/requests.ts";
import { redactor } from "../redaction/default-redactor.ts";
import { pollUntilTrue } from "../until.ts";

interface Fixture {
  readonly warmers: CacheWarmers;
  readonly messages: readonly string[];
  readonly records: readonly unknown[];
  /** Names of readiness checks. */
  readonly checks: readonly string[];
  /** Registers a warmer that only runs by hand. */
  add(name: string, warm: CacheWarmer, options?: CacheWarmerOptions): () => void;
  /** Runs one warmer. */
  run(name: string): WarmingRun;
  /** Returns the present state of a run. */
  now(run: WarmingRun): WarmingRun | undefined;
}

function create(): Fixture {
  const { provider, records } = collectRecords();
  const [messages, checks]: [string[], string[]] = [[], []];
  const warmers = new CacheWarmers({
    runJob: (_name, work) => work(),
    caches: () => ({ stats: () => [{ name: "products", hits: 3, misses: 1, ratio: 0.75 }] }),
    health: {
      register({ name }) {
        checks.push(name);
        return () => void checks.splice(checks.indexOf(name), 1);
      },
      onDraining() {},
    },
    logs: { provider },
    diagnostics: new Diagnostics("warn", (text) => messages.push(text)),
    redactor,
  });
  return {
    ...{ warmers, messages, records, checks },
    add: (name, warm, options) => warmers.register(name, warm, { onStart: false, ...options }),
    run: (name) => warmers.run([name], {})[0] as WarmingRun,
    now: ({ id }) => warmers.runsOf([id])[0],
  };
}

describe("Cache warmers in a process", () => {
  it("are spread over half of their schedule first, and vary by 10% then", () => {
    const delays = [0, 0.5, 1].map((random) => [
      delayOf(1000, true, random),
      delayOf(1000, false, random),
    ]);
    assert.deepEqual(delays, [
      [500, 900],
      [750, 1000],
      [1000, 1100],
    ]);
  });

  it("start again although a function never ends, long after its time limit", async () => {
    const fixture = create();
    let calls = 0;
    const hang: CacheWarmer = () => {
      calls++;
      return new Promise(() => {});
    };
    fixture.add("hanging", hang, { timeout: 500 });
    const first = fixture.run("hanging");
    assert.equal(fixture.run("hanging").reason, "another run is in progress");
    await pollUntilTrue(() => fixture.now(first)?.status === "failed", "the time limit");
    assert.equal(fixture.now(first)?.reason, "timed out after 500 ms");
    await pollUntilTrue(() => fixture.run("hanging").status === "running", "another run");
    assert.equal(calls, 2);
  });

  it("start again when a late function ends, and its late error is not the app's", async () => {
    const fixture = create();
    const gate = Promise.withResolvers<void>();
    let isAborted = false;
    const late: CacheWarmer = (_params, { signal }) => {
      signal.addEventListener("abort", () => (isAborted = true));
      return gate.promise;
    };
    fixture.add("late", late, { timeout: 1_000 });
    const first = fixture.run("late");
    await pollUntilTrue(() => fixture.now(first)?.status === "failed", "the time limit");
    assert.ok(isAborted);
    gate.reject(new Error("too late"));
    await pollUntilTrue(() => fixture.run("late").status === "running", "another run");
    assert.equal(fixture.now(first)?.reason, "timed out after 1000 ms");
  });

  /** Errors, and how a run names them. */
  const errors: readonly (readonly [string, CacheWarmer, string])[] = [
    ["an error", () => Promise.reject(new Error("no\nconnection")), "no\\nconnection"],
    [
      "a synchronous error",
      () => {
        throw new TypeError("wrong");
      },
      "wrong",
    ],
    ["an error without a message", () => Promise.reject(new RangeError()), "RangeError"],
    [
      "an error of a connection",
      () => Promise.reject(Object.assign(new AggregateError([]), { code: "ECONNREFUSED" })),
      "ECONNREFUSED",
    ],
    ["a text", () => Promise.reject("text"), "text"],
    ["a value without a text", () => Promise.reject(Object.create(null)), "unknown"],
    [
      "a secret",
      () => Promise.reject(new Error("no answer of redis://shop:swordfish-1@cache")),
      "no answer of redis://REDACTED@cache",
    ],
  ];
  for (const [title, warm, reason] of errors) {
    it(`fail with ${title}, which is reported in one line`, async () => {
      const { add, run, now, messages, records } = create();
      add("prices", warm);
      const started = run("prices");
      await pollUntilTrue(() => now(started)?.status === "failed", "the end");
      assert.equal(now(started)?.reason, reason);
      assert.deepEqual(messages, [
        `telltale: the cache warmer prices failed: ${reason}; the app runs on, and its cache fills by requests\n`,
      ]);
      assert.equal(records.length, 1);
    });
  }

  it("wait for readiness until the last of them has run or is removed", async () => {
    const { add, checks } = create();
    const gate = Promise.withResolvers<void>();
    const options = { onStart: true, beforeReady: true };
    add("one", () => gate.promise, options);
    const remove = add("two", () => new Promise(() => {}), options);
    assert.deepEqual(checks, ["cache-warming"]);
    gate.resolve();
    await gate.promise;
    assert.deepEqual(checks, ["cache-warming"]);
    remove();
    await pollUntilTrue(() => checks.length === 0, "readiness");
  });

  it("are at most a hundred", () => {
    const { add, warmers, messages } = create();
    for (let index = 0; index < 105; index++) add(`warmer-${index}`, () => {});
    assert.equal(warmers.list().length, 100);
    assert.equal(messages.length, 1);
    assert.match(String(messages[0]), /expected at most 100 warmers; the warmer is left out/);
  });

  it("pass a copy of the parameters to each", async () => {
    const { add, warmers } = create();
    const seen: Readonly<Record<string, string>>[] = [];
    const change: CacheWarmer = (params) => {
      seen.push({ ...params });
      Object.assign(params, { user: "changed" });
    };
    add("one", change);
    add("two", change);
    warmers.run([], { user: "123" });
    assert.deepEqual(seen, [{ user: "123" }, { user: "123" }]);
  });
});
