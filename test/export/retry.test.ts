import assert from "node:assert/strict";
import { backoffMs, defaultRetry, retryAfterMs } from "../../src/export/retry.ts";

const NOW = Date.parse("Sat, 21 Nov 2026 12:00:00 GMT");

describe("Retry-After", () => {
  const rows: [header: string | undefined, ms: number | undefined][] = [
    ["0", 0],
    ["1", 1000],
    [" 120 ", 120_000],
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
    it(`${JSON.stringify(header)} asks for ${ms === undefined ? "nothing readable" : `${ms} ms`}`, () => {
      assert.equal(retryAfterMs(header, NOW), ms);
    });
  }
});

describe("the back-off", () => {
  it("grows by half from one second to five, a fifth of it chance", () => {
    for (const [tries, middle] of [
      [1, 1000],
      [2, 1500],
      [3, 2250],
      [5, 5000],
      [50, 5000],
    ] as const) {
      const waits = Array.from({ length: 200 }, () => backoffMs(defaultRetry, tries));
      assert.ok(Math.min(...waits) >= middle * 0.8 && Math.max(...waits) <= middle * 1.2);
      assert.ok(Math.max(...waits) - Math.min(...waits) > middle * 0.1, "no chance in it");
    }
  });
});
