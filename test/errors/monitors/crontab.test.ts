import assert from "node:assert/strict";
import { crontabOf } from "../../../src/errors/monitors/crontab.ts";

/** Patterns of schedulers, and the crontab that Sentry gets. */
const readable: readonly (readonly [pattern: string, crontab: string])[] = [
  ["0 2 * * *", "0 2 * * *"],
  ["  0   2 * *\t* ", "0 2 * * *"],
  ["*/5 9-17 * * 1-5", "*/5 9-17 * * 1-5"],
  ["0,30 8-20/4 1,15 * *", "0,30 8-20/4 1,15 * *"],
  ["30 15 2 * * *", "15 2 * * *"],
  ["0 0 2 * * * *", "0 2 * * *"],
  ["0 2 * jan mon-fri", "0 2 * JAN MON-FRI"],
  ["0 2 * January,March Monday", "0 2 * JAN,MAR MON"],
  ["0 2 ? * MON", "0 2 * * MON"],
  ["0 2 * * 7", "0 2 * * 7"],
  ["0 2 L * *", "0 2 L * *"],
  ["0 2 lw * *", "0 2 LW * *"],
  ["0 2 * * 5L", "0 2 * * 5L"],
  ["0 2 * * 1#2", "0 2 * * 1#2"],
  ["0 2 */2 * *", "0 2 */2 * *"],
  ["@daily", "0 0 * * *"],
  ["@Midnight", "0 0 * * *"],
  ["@weekdays", "0 0 * * 1-5"],
  // One of both days is enough, as in Sentry.
  ["0 2 1 * 1", "0 2 1 * 1"],
];

const MORE_OFTEN = "it starts more than once a minute";
const OTHER_DAYS = "Sentry combines day of month and day of week in another way";
const cannotRead = (text: string): string => `Sentry can't read ${text} in its schedule`;

const unreadable: readonly (readonly [pattern: string, problem: string])[] = [
  ["* * * * * *", MORE_OFTEN],
  ["*/10 * * * * *", MORE_OFTEN],
  ["0,30 0 2 * * *", MORE_OFTEN],
  ["0 0 0 1 1 * 2027", "its schedule has a year"],
  ["0 2 15W * *", cannotRead("15W")],
  ["0 2 L-3 * *", cannotRead("L-3")],
  ["0 2 * * 5-1", cannotRead("5-1")],
  ["0 22-2 * * *", cannotRead("22-2")],
  ["0 24 * * *", cannotRead("24")],
  ["0 2 * * 8", cannotRead("8")],
  ["0 2 0 * *", cannotRead("0")],
  ["0 2 * 13 *", cannotRead("13")],
  ["0 2 * FOO *", cannotRead("FOO")],
  ["/10 2 * * *", cannotRead("/10")],
  ["*/0 2 * * *", cannotRead("*/0")],
  ["1-2-3 2 * * *", cannotRead("1-2-3")],
  ["1/2/3 2 * * *", cannotRead("1/2/3")],
  ["- 2 * * *", cannotRead("-")],
  ["1,, 2 * * *", cannotRead("1,,")],
  ["H 2 * * *", cannotRead("H")],
  ["0 ? * * *", cannotRead("?")],
  ["0 2 * * +MON", cannotRead("+MON")],
  ["0 2 *", cannotRead("0 2 *")],
  ["@secondly", cannotRead("@secondly")],
  ["@reboot", cannotRead("@reboot")],
  ["", cannotRead("")],
  ["0 0 0 1 1 * * *", cannotRead("0 0 0 1 1 * * *")],
  ["0 2 */2 * 1", OTHER_DAYS],
];

describe("The crontab of a monitor", () => {
  for (const [pattern, crontab] of readable) {
    it(`of "${pattern}" is ${crontab}`, () => {
      assert.deepEqual(crontabOf(pattern, false), { crontab });
    });
  }

  for (const [pattern, problem] of unreadable) {
    it(`does not exist for "${pattern}"`, () => {
      assert.deepEqual(crontabOf(pattern, false), { problem });
    });
  }

  it("combines both days as Sentry does, if the scheduler matches both", () => {
    assert.deepEqual(crontabOf("0 2 1 * 1", true), { problem: OTHER_DAYS });
    assert.deepEqual(crontabOf("0 2 */2 * 1", true), { crontab: "0 2 */2 * 1" });
    assert.deepEqual(crontabOf("0 2 * * 1", true), { crontab: "0 2 * * 1" });
  });
});
