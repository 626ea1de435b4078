import assert from "node:assert/strict";
import { readHistoryOptions } from "../../../src/cli/dev/history-options.ts";

const MiB = 1024 * 1024;

describe("The options of the viewer's history", () => {
  const rows = [
    [{}, { maxUnits: 20_000, maxBytes: 256 * MiB }, []],
    [{ "history-requests": "100", "history-size": "8" }, { maxUnits: 100, maxBytes: 8 * MiB }, []],
    [
      { "history-requests": "99" },
      { maxUnits: 20_000, maxBytes: 256 * MiB },
      ['--history-requests received "99", expected a number from 100 to 1000000'],
    ],
    [
      { "history-size": "1GB" },
      { maxUnits: 20_000, maxBytes: 256 * MiB },
      ['--history-size received "1GB", expected a number from 8 to 16384'],
    ],
    [
      { "history-size": "-8" },
      { maxUnits: 20_000, maxBytes: 256 * MiB },
      ['--history-size received "-8", expected a number from 8 to 16384'],
    ],
  ] as const;
  for (const [texts, limits, problems] of rows) {
    it(`are read from ${JSON.stringify(texts)}`, () => {
      const given = new Map(Object.entries(texts).map(([name, text]) => [name, [text]]));
      assert.deepEqual(readHistoryOptions(given), { limits, problems });
    });
  }
});
