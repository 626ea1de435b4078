import assert from "node:assert/strict";
import { severityOf, severityOfLevelNumber } from "../../src/logs/severity.ts";

describe("The severity of a level", () => {
  const levels = { FATAL: 0, error: 1, success: 2, info: 3, custom: 4 };
  const byName: readonly [name: string, severity: number][] = [
    ["FATAL", 21],
    ["error", 17],
    ["success", 9],
    ["info", 9],
    ["custom", 9],
    ["missing", 0],
  ];
  for (const [name, severity] of byName) {
    it(`is ${severity} for the name ${name}`, () => {
      assert.equal(severityOf(name, levels), severity);
      assert.equal(severityOf(name, levels), severity);
    });
  }

  const byNumber: readonly [level: number, name: string | undefined, severity: number][] = [
    [10, undefined, 1],
    [20, undefined, 5],
    [30, undefined, 9],
    [35, "notice", 10],
    [35, "custom", 11],
    [60, undefined, 21],
    [-100, undefined, 1],
    [1000, undefined, 24],
    [Infinity, undefined, 0],
  ];
  for (const [level, name, severity] of byNumber) {
    it(`is ${severity} for the number ${level} with ${name === undefined ? "no name" : `the name ${name}`}`, () => {
      assert.equal(severityOfLevelNumber(level, name), severity);
    });
  }
});
