import assert from "node:assert/strict";
import { QuantileSketch } from "../../src/metrics/quantile-sketch.ts";
import { Random, testSeed } from "../random.ts";

const SEED = testSeed();
const VALUES = 20_000;
const SHARES = [0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];

/** Relative error that the issue of metrics allows. */
const MAX_ERROR = 0.02;

const DISTRIBUTIONS: Readonly<Record<string, (random: Random) => number>> = {
  uniform: (random) => 0.001 + random.next() * 2,
  exponential: (random) => 1e-6 - 0.05 * Math.log(1 - random.next()),
  "log-normal": (random) => 0.02 * Math.exp(1.5 * normal(random)),
  "Pareto, with a heavy tail": (random) => 0.001 * (1 - random.next()) ** (-1 / 1.2),
  "bimodal, as of hits and misses": (random) =>
    (random.chance(0.7) ? 0.0005 : 0.8) * (1 + 0.05 * random.next()),
  constant: () => 0.25,
};

describe("A quantile sketch", () => {
  for (const [name, sample] of Object.entries(DISTRIBUTIONS)) {
    it(`has quantiles within 2% of the exact ones (${name}, TEST_SEED=${SEED})`, () => {
      const random = new Random(SEED);
      const values = Array.from({ length: VALUES }, () => sample(random));
      const sketch = sketchOf(values);
      values.sort((a, b) => a - b);
      for (const share of SHARES) {
        const exact = values[Math.floor(share * (VALUES - 1))]!;
        const error = Math.abs(sketch.quantile(share)! - exact) / exact;
        assert.ok(error <= MAX_ERROR, `share ${share}: exact ${exact}, error ${error}`);
      }
      assert.equal(sketch.count, VALUES);
      assert.equal(sketch.min, values[0]);
      assert.equal(sketch.max, values.at(-1));
    });
  }

  it("has no quantiles without values", () => {
    const sketch = new QuantileSketch();
    assert.equal(sketch.quantile(0.5), undefined);
    assert.equal(sketch.min, undefined);
    assert.equal(sketch.max, undefined);
    assert.equal(sketch.sum, 0);
  });

  it("takes values of any size in any order, and ignores NaN", () => {
    const values = [1e-300, 5, 0, 1e300, 1e-9, -3, 1e9, 2e-5, 700];
    const sketch = sketchOf([...values, Number.NaN]);
    assert.equal(sketch.count, values.length);
    assert.equal(sketch.quantile(0), -3);
    assert.equal(sketch.min, -3);
    assert.equal(sketch.max, 1e300);
    assert.ok(Math.abs(sketch.quantile(0.5)! - 2e-5) <= MAX_ERROR * 2e-5);
  });
});

function sketchOf(values: readonly number[]): QuantileSketch {
  const sketch = new QuantileSketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

/** A normally distributed number (Box-Muller). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
