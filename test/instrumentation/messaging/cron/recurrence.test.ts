import assert from "node:assert/strict";
import type { Recurrence } from "../../../../src/context/job.ts";
import {
  type CronerOptions,
  cronerRecurrence,
  nodeCron3Recurrence,
  nodeCronRecurrence,
  type NodeCronTask,
} from "../../../../src/instrumentation/messaging/cron/recurrence.ts";

const unset = { timezone: undefined, unsupported: undefined };

const cronerRows: readonly (readonly [CronerOptions, Partial<Recurrence>])[] = [
  [{ interval: 0, maxRuns: Infinity, utcOffset: undefined, dayOffset: 0 }, {}],
  [{ timezone: "Asia/Tokyo" }, { timezone: "Asia/Tokyo" }],
  [{ utcOffset: 0 }, { timezone: "UTC" }],
  [{ utcOffset: 60 }, { unsupported: "the option utcOffset" }],
  [{ maxRuns: 3 }, { unsupported: "the option maxRuns" }],
  [{ stopAt: new Date() }, { unsupported: "the option stopAt" }],
  [{ interval: 90 }, { unsupported: "the option interval" }],
  [{ dayOffset: -1 }, { unsupported: "the option dayOffset" }],
  [{ alternativeWeekdays: true }, { unsupported: "the option alternativeWeekdays" }],
  [{ domAndDow: true, legacyMode: false }, { matchesBothDays: true }],
  [{ legacyMode: false }, { matchesBothDays: true }],
];

const nodeCronRows: readonly (readonly [NodeCronTask, Partial<Recurrence>])[] = [
  [{}, {}],
  [{ timezone: "Asia/Tokyo" }, { timezone: "Asia/Tokyo" }],
  [{ runner: { maxExecutions: 2 } }, { unsupported: "the option maxExecutions" }],
  [{ runner: { maxRandomDelay: 5_000 } }, { maxDelayMs: 5_000 }],
];

const OWN_STEPS = "steps, which node-cron 3 counts from 0";
const nodeCron3Rows: readonly (readonly [pattern: string, unsupported: string | undefined])[] = [
  ["*/5 * * * *", undefined],
  ["30 */5 * * * *", undefined],
  ["0 2 * * */2", undefined],
  ["0 2 */2 * *", OWN_STEPS],
  ["0 0 2 * */3 *", OWN_STEPS],
  ["1-59/2 * * * *", OWN_STEPS],
];

describe("The recurrence of a job", () => {
  const pattern = "0 2 * * *";
  for (const [options, expected] of cronerRows) {
    it(`of croner is known from ${JSON.stringify(options)}`, () => {
      const found = cronerRecurrence(pattern, options);
      assert.deepEqual(found, { ...unset, pattern, matchesBothDays: false, ...expected });
    });
  }

  it("of croner is not known from a ?", () => {
    assert.equal(cronerRecurrence("? 2 * * *", {}).unsupported, "? in its pattern");
  });

  for (const [task, expected] of nodeCronRows) {
    it(`of node-cron is known from ${JSON.stringify(task)}`, () => {
      const common = { ...unset, pattern, matchesBothDays: true, maxDelayMs: undefined };
      assert.deepEqual(nodeCronRecurrence(pattern, task), { ...common, ...expected });
    });
  }

  for (const [steps, unsupported] of nodeCron3Rows) {
    it(`of node-cron 3 is known from ${steps}: ${unsupported === undefined}`, () => {
      const { timezone, ...found } = nodeCron3Recurrence(steps, "Asia/Tokyo");
      assert.equal(timezone, "Asia/Tokyo");
      assert.deepEqual(found, { pattern: steps, matchesBothDays: true, unsupported });
    });
  }
});
