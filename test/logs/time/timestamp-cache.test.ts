import assert from "node:assert/strict";
import { timestampCache } from "../../../src/logs/time/timestamp-cache.ts";

const NOW = Date.UTC(2026, 10, 21, 2, 30, 7, 500);

describe("The cache of timestamps", () => {
  const rows: [text: string, ms: number | undefined][] = [
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
  for (const [text, ms] of rows) {
    it(`${ms === undefined ? "does not parse" : "parses"} ${JSON.stringify(text)}`, () => {
      assert.equal(timestampCache.parseNearby(text, NOW), ms);
    });
  }

  it("parses only timestamps of the given minute", () => {
    const text = "2026-11-21T02:30:07.123Z";
    assert.equal(timestampCache.parseNearby(text, NOW + 60_000), undefined);
    assert.equal(timestampCache.parseNearby(text, NOW), NOW - 377);
  });

  it("returns the same time for the same text until the minute changes", () => {
    const text = "2026-11-21T02:30:07.123Z";
    assert.deepEqual(
      [timestampCache.parseNearby(text, NOW), timestampCache.parseNearby(text, NOW)],
      [NOW - 377, NOW - 377],
    );
    assert.equal(timestampCache.parseNearby("", NOW + 60_000), undefined);
    assert.equal(timestampCache.parseNearby(text, NOW + 60_000), undefined);
  });
});
