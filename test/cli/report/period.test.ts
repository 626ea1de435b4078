import assert from "node:assert/strict";
import { formatTime, periodsOf, type ReportKind } from "../../../src/cli/report/period.ts";

interface Row {
  readonly title: string;
  readonly kind: ReportKind;
  readonly timeZone: string;
  readonly now: string;
  readonly end?: string;
  /** Starts of the period before and of the period, and the end. */
  readonly expected: readonly [before: string, start: string, end: string];
}

const rows: readonly Row[] = [
  {
    title: "a day of UTC",
    ...{ kind: "daily", timeZone: "UTC", now: "2026-03-12T09:00:00Z" },
    expected: ["2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z", "2026-03-12T00:00:00Z"],
  },
  {
    title: "the week up to a Monday",
    ...{ kind: "weekly", timeZone: "UTC", now: "2026-03-16T09:00:00Z" },
    expected: ["2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z", "2026-03-16T00:00:00Z"],
  },
  {
    title: "a day that has just begun elsewhere",
    ...{ kind: "daily", timeZone: "Asia/Tokyo", now: "2026-03-11T15:00:00Z" },
    expected: ["2026-03-09T15:00:00Z", "2026-03-10T15:00:00Z", "2026-03-11T15:00:00Z"],
  },
  {
    title: "a day of 23 hours",
    ...{ kind: "daily", timeZone: "Europe/Zurich", now: "2026-03-30T07:00:00Z" },
    expected: ["2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"],
  },
  {
    title: "a day of 25 hours",
    ...{ kind: "daily", timeZone: "America/New_York", now: "2026-11-02T14:00:00Z" },
    expected: ["2026-10-31T04:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"],
  },
  {
    title: "a week with a change of clocks, across a month",
    ...{ kind: "weekly", timeZone: "Europe/Zurich", now: "2026-04-01T07:00:00Z" },
    expected: ["2026-03-17T23:00:00Z", "2026-03-24T23:00:00Z", "2026-03-31T22:00:00Z"],
  },
  {
    title: "a given end, with a change of half an hour",
    ...{ kind: "daily", timeZone: "Australia/Lord_Howe", now: "2026-04-06T00:00:00Z" },
    end: "2026-04-05T13:30:00Z",
    expected: ["2026-04-03T13:00:00Z", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z"],
  },
];

describe("The period of a report", () => {
  for (const { title, kind, timeZone, now, end, expected } of rows) {
    it(`is ${title}`, () => {
      const { period, before } = periodsOf(kind, {
        end: end === undefined ? undefined : new Date(end),
        now: new Date(now),
        timeZone,
      });
      const found = [before.start, period.start, period.end];
      assert.deepEqual(
        found,
        expected.map((time) => new Date(time)),
      );
      assert.deepEqual(before.end, period.start);
    });
  }

  it("is shown in its time zone", () => {
    const time = new Date("2026-03-29T22:05:00Z");
    assert.equal(formatTime(time, "Europe/Zurich"), "2026-03-30 00:05");
    assert.equal(formatTime(time, "UTC"), "2026-03-29 22:05");
  });
});
