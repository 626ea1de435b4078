import assert from "node:assert/strict";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";

describe("A unit of work", () => {
  const first = new Error("first");
  const second = new Error("second");
  let unit: UnitOfWork;
  beforeEach(() => {
    unit = new UnitOfWork();
  });

  it("has the last recorded error, and the original one", () => {
    unit.recordError(first);
    unit.recordError(second);
    const third = new Error("third");
    unit.recordError(third);
    assert.deepEqual([unit.error, unit.originalError], [third, first]);
  });

  it("has no original error where the same one is recorded again", () => {
    unit.recordError(first);
    unit.recordError(first);
    assert.deepEqual([unit.error, unit.originalError], [first, undefined]);
  });

  it("has each failure once, in order", () => {
    for (const error of [first, second, first]) unit.recordFailure(error);
    assert.deepEqual(unit.failures, [first, second]);
  });

  it("has at most 20 failures", () => {
    for (let at = 0; at < 100; at++) unit.recordFailure(new Error(`${at}`));
    assert.equal(unit.failures?.length, 20);
  });

  it("runs listeners at its end, in order, and once", () => {
    const calls: string[] = [];
    unit.onEnded(() => calls.push("a"));
    unit.onEnded(() => calls.push("b"));
    assert.deepEqual(calls, []);
    unit.end();
    unit.end();
    assert.deepEqual(calls, ["a", "b"]);
  });

  it("has ended when its listeners run, and runs later ones at once", () => {
    const calls: unknown[] = [];
    unit.onEnded(() => {
      calls.push(unit.ended);
      unit.onEnded(() => calls.push("nested"));
    });
    unit.end();
    unit.onEnded(() => calls.push("late"));
    assert.deepEqual(calls, [true, "nested", "late"]);
  });

  it("has no path, no job and no other units by default", () => {
    const { route } = Object.assign(unit, { route: "/orders" });
    assert.equal(unit.currentRoute(), route);
    assert.deepEqual(
      [unit.currentPath(), unit.redactedPath(), unit.jobInfo()],
      [undefined, undefined, undefined],
    );
    assert.deepEqual([unit.startedByUnit(), unit.enclosingUnit()], [undefined, undefined]);
    assert.equal(unit.belongedTo({}), false);
  });
});
