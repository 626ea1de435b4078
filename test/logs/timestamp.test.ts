import assert from "node:assert/strict";
import { parseNearbyMs } from "../../src/logs/timestamp.ts";

const NOW = Date.UTC(2026, 10, 21, 2, 30, 7, 500);

describe("A line's own stamp, read quickly", () => {
  const rows: [stamp: string, ms: number | undefined][] = [
    ["2026-11-21T02:30:07.123Z", Date.UTC(2026, 10, 21, 2, 30, 7, 123)],
    ["2026-11-21T02:30:00.000Z", Date.UTC(2026, 10, 21, 2, 30)],
    ["2026-11-21T02:30:59.999Z", Date.UTC(2026, 10, 21, 2, 30, 59, 999)],
    ["2026-11-21T02:31:00.000Z", undefined],
    ["2026-11-21T02:29:59.999Z", undefined],
    ["2026-11-21T02:30:60.000Z", undefined],
    ["2026-11-21T02:30:07.12xZ", undefined],
    ["2026-11-21T02:30:07,123Z", undefined],
    ["2026-11-21T02:30:07.123+", undefined],
    ["2026-11-21T02:30:07Z", undefined],
    ["", undefined],
  ];
  for (const [stamp, ms] of rows) {
    it(`${JSON.stringify(stamp)} is ${ms === undefined ? "left to the slow way" : "a time"}`, () => {
      assert.equal(parseNearbyMs(stamp, NOW), ms);
    });
  }

  it("follows the minute", () => {
    assert.equal(parseNearbyMs("2026-11-21T02:30:07.123Z", NOW + 60_000), undefined);
    assert.equal(parseNearbyMs("2026-11-21T02:30:07.123Z", NOW), NOW - 377);
  });

  it("reads the same stamp twice, and in a new minute takes no text at all for none", () => {
    const stamp = "2026-11-21T02:30:07.123Z";
    assert.deepEqual(
      [parseNearbyMs(stamp, NOW), parseNearbyMs(stamp, NOW)],
      [NOW - 377, NOW - 377],
    );
    assert.equal(parseNearbyMs("", NOW + 60_000), undefined);
    assert.equal(parseNearbyMs(stamp, NOW + 60_000), undefined);
  });
});
