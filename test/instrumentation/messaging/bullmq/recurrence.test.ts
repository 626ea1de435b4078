import assert from "node:assert/strict";
import type { Recurrence } from "../../../../src/context/job.ts";
import {
  bullmqRecurrence,
  type RepeatOptions,
} from "../../../../src/instrumentation/messaging/bullmq/recurrence.ts";

const rows: readonly (readonly [RepeatOptions, Partial<Recurrence>])[] = [
  [{ pattern: "0 2 * * *" }, { pattern: "0 2 * * *" }],
  [
    { pattern: "0 2 * * *", tz: "Asia/Tokyo" },
    { pattern: "0 2 * * *", timezone: "Asia/Tokyo" },
  ],
  [{ every: 60_000 }, { everyMs: 60_000 }],
  [
    { every: 60_000, limit: 3 },
    { everyMs: 60_000, unsupported: "the option limit" },
  ],
  [
    { every: 60_000, endDate: 1 },
    { everyMs: 60_000, unsupported: "the option endDate" },
  ],
];

describe("The recurrence of a job of BullMQ", () => {
  for (const [repeat, expected] of rows) {
    it(`is known from ${JSON.stringify(repeat)}`, () => {
      const unset = { timezone: undefined, unsupported: undefined };
      assert.deepEqual(bullmqRecurrence(repeat, "7 1000", {}), {
        ...{ pattern: undefined, everyMs: undefined, runId: "7 1000", ...unset },
        ...expected,
      });
    });
  }

  it("is not known with a strategy of the app", () => {
    const settings = { repeatStrategy: () => 0 };
    const { unsupported } = bullmqRecurrence({ pattern: "FREQ=DAILY" }, "7", settings);
    assert.equal(unsupported, "the option repeatStrategy");
  });
});
