import assert from "node:assert/strict";
import { minutesOf, secondsOf } from "../../../src/ops/prometheus/duration.ts";
import { formatDuration } from "../../../src/ops/prometheus/promql.ts";

const durations: readonly (readonly [text: string, seconds: number])[] = [
  ["0s", 0],
  ["500ms", 0.5],
  ["90s", 90],
  ["5m", 300],
  ["1h30m", 5400],
  ["6h", 21_600],
  ["30d", 2_592_000],
  ["4w", 2_419_200],
  ["1w2d3h4m5s6ms", 788_645.006],
];

const wrong = [
  ...["", "5", "m", "5 m", "-5m", "+5m", "1.5h", "5M", "5min", "5m ", " 5m", "5m\n", "1y", "1e3s"],
  ...["1234567890s", "1s1s1s1s1s1s1s", "5m,", "PT5M", "Infinitys"],
];

const written: readonly (readonly [seconds: number, text: string])[] = [
  [1, "1s"],
  [90, "90s"],
  [300, "5m"],
  [5400, "90m"],
  [21_600, "6h"],
  [172_800, "2d"],
  [604_800, "7d"],
];

describe("A duration of Prometheus", () => {
  for (const [text, seconds] of durations) {
    it(`of ${text} has ${seconds} seconds`, () => {
      assert.equal(secondsOf(text), seconds);
      assert.equal(minutesOf(text), seconds / 60);
    });
  }

  for (const text of wrong) {
    it(`is not ${JSON.stringify(text)}`, () => {
      assert.equal(secondsOf(text), undefined);
      assert.ok(Number.isNaN(minutesOf(text)));
    });
  }

  for (const [seconds, text] of written) {
    it(`of ${seconds} seconds is written as ${text}, and read again`, () => {
      assert.equal(formatDuration(seconds), text);
      assert.equal(secondsOf(text), seconds);
    });
  }
});
