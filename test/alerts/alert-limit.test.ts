import assert from "node:assert/strict";
import { AlertLimit } from "../../src/alerts/alert-limit.ts";

describe("The limit of alerts", () => {
  let now: number;
  let limit: AlertLimit;
  beforeEach(() => {
    now = 1000;
    limit = new AlertLimit(() => now);
  });

  const takeAll = (count: number): number =>
    Array.from({ length: count }, (_, at) => limit.take("warning", `m${at + 1}`)).filter(Boolean)
      .length;

  it("is five in a minute, and five more in the next", () => {
    assert.equal(takeAll(5), 5);
    assert.equal(limit.hasOmitted, false);
    now += 59_999;
    assert.equal(takeAll(1), 0);
    assert.equal(limit.remainingMs, 1);
    now += 1;
    assert.equal(takeAll(10_000), 5);
  });

  it("counts those that are left out, once", () => {
    takeAll(8);
    assert.deepEqual(limit.takeOmitted(), { count: 3, severity: "warning", latest: "m8" });
    assert.equal(limit.hasOmitted, false);
    assert.equal(limit.takeOmitted(), undefined);
  });

  it("keeps the highest severity and the latest message of them", () => {
    takeAll(5);
    limit.take("error", "a");
    limit.take("critical", "b");
    limit.take("info", "c");
    assert.deepEqual(limit.takeOmitted(), { count: 3, severity: "critical", latest: "c" });
  });
});
