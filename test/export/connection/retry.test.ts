import assert from "node:assert/strict";
import {
  backoffMs,
  defaultRetry,
  MAX_PAUSE_MS,
  pauseMs,
  retryAfterMs,
} from "../../../src/export/connection/retry.ts";

const NOW = Date.parse("Sat, 21 Nov 2026 12:00:00 GMT");

describe("Retry-After", () => {
  const rows: [header: string | undefined, ms: number | undefined][] = [
    ["0", 0],
    ["1", 1000],
    [" 120 ", 120_000],
    ["1000000000", 1e12],
    ["9".repeat(400), Number.MAX_SAFE_INTEGER],
    ["Sat, 21 Nov 2026 12:00:05 GMT", 5000],
    ["Saturday, 21-Nov-26 12:00:05 GMT", 5000],
    ["Sat, 21 Nov 2026 11:00:00 GMT", 0],
    [undefined, undefined],
    ["", undefined],
    ["soon", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["1e3", undefined],
    ["5 seconds", undefined],
    ["Infinity", undefined],
    ["Sat, 99 Nov 2026 12:00:05 GMT", undefined],
    ["2026-11-21T12:00:05Z", undefined],
  ];
  for (const [header, ms] of rows) {
    it(`${JSON.stringify(header)} is parsed as ${ms === undefined ? "invalid" : `${ms} ms`}`, () => {
      assert.equal(retryAfterMs(header, NOW), ms);
    });
  }
});

describe("The back-off", () => {
  it("is random, and its upper limit doubles from one second to five", () => {
    for (const [tries, limit] of [
      [1, 1000],
      [2, 2000],
      [3, 4000],
      [4, 5000],
      [50, 5000],
    ] as const) {
      const waits = Array.from({ length: 400 }, () => backoffMs(defaultRetry, tries));
      const [shortest, longest] = [Math.min(...waits), Math.max(...waits)];
      assert.ok(shortest >= limit * 0.1 && longest <= limit, `${shortest} to ${longest} ms`);
      assert.ok(shortest < limit * 0.2 && longest > limit * 0.9, `${shortest} to ${longest} ms`);
    }
  });
});

describe("A pause", () => {
  const rows: readonly (readonly [title: string, askedMs: number, least: number, most: number])[] =
    [
      ["that is requested is applied, with a random tenth", 120_000, 120_000, 132_000],
      ["of 0 is the back-off", 0, 1000, 1000],
      ["that is shorter than the back-off is the back-off", 200, 1000, 1000],
      ["that is negative is the back-off", -5, 1000, 1000],
      ["that is NaN is the back-off", Number.NaN, 1000, 1000],
      ["that is infinite is the longest", Infinity, MAX_PAUSE_MS * 0.9, MAX_PAUSE_MS],
      ["of eleven days is the longest", 1e9, MAX_PAUSE_MS * 0.9, MAX_PAUSE_MS],
    ];
  for (const [title, askedMs, least, most] of rows) {
    it(title, () => {
      const pauses = Array.from({ length: 200 }, () => pauseMs(askedMs, 1000));
      assert.ok(Math.min(...pauses) >= least, `${Math.min(...pauses)} ms`);
      assert.ok(Math.max(...pauses) <= most, `${Math.max(...pauses)} ms`);
      if (most > least) assert.ok(new Set(pauses).size > 100, "not random");
    });
  }
});
