import assert from "node:assert/strict";
import {
  RequestSessions,
  type SessionAggregate,
} from "../../src/errors/sessions/request-sessions.ts";

const MINUTE = 60_000;
/** Wall-clock time of zero of the monotonic clock: 20 s before the end of a minute. */
const ORIGIN = Date.parse("2026-01-01T10:00:40Z");

describe("The sessions of requests", () => {
  /** @param clockChange returns by how much the clock is set at a monotonic time, in milliseconds. */
  const counter = (
    clockChange: (monotonic: number) => number = () => 0,
  ): { sessions: RequestSessions; firsts: () => number } => {
    let count = 0;
    const originAt = (monotonic: number): number => ORIGIN + clockChange(monotonic);
    return { sessions: new RequestSessions(() => count++, originAt), firsts: () => count };
  };

  it("are counted by status", () => {
    const { sessions } = counter();
    const now = 1000;
    sessions.count(undefined, now);
    sessions.count("errored", now);
    sessions.count("crashed", now);
    sessions.count(undefined, now);
    assert.deepEqual(
      sessions.take().map(({ exited, errored, crashed }) => [exited, errored, crashed]),
      [[2, 1, 1]],
    );
  });

  it("are counted by the minute in which they end", () => {
    const { sessions } = counter();
    for (let second = 0; second < 300; second++) sessions.count(undefined, second * 1000);
    assert.deepEqual(
      sessions.take().map(({ started, exited }) => [started, exited]),
      [
        ["2026-01-01T10:00:00.000Z", 20],
        ["2026-01-01T10:01:00.000Z", 60],
        ["2026-01-01T10:02:00.000Z", 60],
        ["2026-01-01T10:03:00.000Z", 60],
        ["2026-01-01T10:04:00.000Z", 60],
        ["2026-01-01T10:05:00.000Z", 40],
      ],
    );
  });

  it("are counted in full while the clock is set back and forth", () => {
    const hours = [0, -5, 3, -100];
    const { sessions } = counter((at) => (hours[Math.floor(at / MINUTE)] ?? 0) * 60 * MINUTE);
    for (let second = 0; second < 240; second++) sessions.count(undefined, second * 1000);
    const aggregates = sessions.take();
    assert.equal(total(aggregates), 240);
    // The minute ends by the monotonic clock.
    assert.deepEqual(
      aggregates.map(({ started, exited }) => [started, exited]),
      [
        ["2026-01-01T10:00:00.000Z", 20],
        ["2026-01-01T10:01:00.000Z", 60],
        ["2026-01-01T05:02:00.000Z", 60],
        ["2026-01-01T13:03:00.000Z", 60],
        ["2025-12-28T06:04:00.000Z", 40],
      ],
    );
  });

  it("report the first request after each taking, and only that", () => {
    const { sessions, firsts } = counter();
    assert.deepEqual([sessions.hasUnsent, firsts()], [false, 0]);
    const now = 1000;
    sessions.count(undefined, now);
    sessions.count(undefined, now);
    sessions.count(undefined, now + 2 * MINUTE);
    assert.deepEqual([sessions.hasUnsent, firsts()], [true, 1]);
    assert.equal(total(sessions.take()), 3);
    assert.deepEqual([sessions.hasUnsent, sessions.take()], [false, []]);
    sessions.count("crashed", now + 2 * MINUTE);
    assert.deepEqual([total(sessions.take()), firsts()], [1, 2]);
  });
});

function total(aggregates: readonly SessionAggregate[]): number {
  return aggregates.reduce(
    (sum, { exited, errored, crashed }) => sum + exited + errored + crashed,
    0,
  );
}
