import assert from "node:assert/strict";
import {
  formatChange,
  formatCount,
  formatMinutes,
  formatPoints,
  formatQuantile,
  formatSeconds,
  formatShare,
} from "../../../src/cli/report/formats.ts";
import { bucketLimitOf, quantileOf } from "../../../src/cli/report/quantile.ts";

const buckets = (...counts: readonly (readonly [le: string, count: number])[]) =>
  counts.map(([le, count]) => ({ limit: bucketLimitOf(le), count }));

const texts: readonly (readonly [text: string, expected: string])[] = [
  [formatShare(undefined), "no data"],
  [formatShare(0), "0%"],
  [formatShare(1), "100%"],
  [formatShare(0.999_999_9), "99.999%"],
  [formatShare(0.000_001), "<0.001%"],
  [formatShare(0.999), "99.9%"],
  [formatShare(1 - 2 / 205), "99.024%"],
  [formatShare(-0.07), "−7%"],
  [formatCount(undefined), "no data"],
  [formatCount(0), "0"],
  [formatCount(1_234_567.4), "1,234,567"],
  [formatSeconds(0.012_345), "12.3 ms"],
  [formatSeconds(1.2345), "1.23 s"],
  [formatMinutes(42 * 60), "42 min"],
  [formatMinutes(7260), "2 h 1 min"],
  [formatMinutes(7200), "2 h"],
  [formatQuantile(undefined), "no data"],
  [formatQuantile({ seconds: 10, isAbove: true }), "> 10 s"],
  [formatChange(1, undefined), "no data"],
  [formatChange(undefined, 1), "no data"],
  [formatChange(0, 0), "±0%"],
  [formatChange(5, 0), "new"],
  [formatChange(150, 100), "+50%"],
  [formatChange(50, 100), "−50%"],
  [formatChange(0, 100), "−100%"],
  [formatChange(25, 2), "+1,150%"],
  [formatPoints(0.995, 0.99), "+0.5 pp"],
  [formatPoints(0.99, 0.99), "±0 pp"],
  [formatPoints(0.99, undefined), "no data"],
];

describe("The figures of a report", () => {
  for (const [text, expected] of texts)
    it(`are shown as ${expected}`, () => assert.equal(text, expected));

  const cases: readonly (readonly [
    title: string,
    q: number,
    of: ReturnType<typeof buckets>,
    expected: object | undefined,
  ])[] = [
    ["none", 0.5, [], undefined],
    ["no values", 0.5, buckets(["1", 0], ["+Inf", 0]), undefined],
    ["no last bucket", 0.5, buckets(["1", 1], ["2", 1]), undefined],
    ["the first bucket", 0.5, buckets(["1", 10], ["+Inf", 10]), { seconds: 0.5, isAbove: false }],
    [
      "a later bucket",
      0.75,
      buckets(["1", 5], ["3", 10], ["+Inf", 10]),
      { seconds: 2, isAbove: false },
    ],
    [
      "more than the last boundary",
      0.99,
      buckets(["1", 5], ["+Inf", 10]),
      { seconds: 1, isAbove: true },
    ],
    [
      "whole numbers in both forms, in any order",
      0.5,
      buckets(["+Inf", 20], ["1.0", 10], ["1", 10]),
      { seconds: 0.5, isAbove: false },
    ],
    [
      "counts that fall by an estimate",
      0.5,
      buckets(["1", 10], ["2", 9.999], ["+Inf", 10]),
      { seconds: 0.5, isAbove: false },
    ],
  ];
  for (const [title, q, of, expected] of cases)
    it(`have quantiles of ${title}`, () => assert.deepEqual(quantileOf(q, of), expected));
});
