import assert from "node:assert/strict";
import {
  expectedQuantity,
  formatQuantity,
  parseQuantity,
  type Unit,
} from "../../../src/ops/options/quantity.ts";

/** Texts and their values, which are written in the same way again. */
const quantities: readonly (readonly [text: string, unit: Unit, value: number])[] = [
  ["5%", "ratio", 0.05],
  ["7%", "ratio", 0.07],
  ["0.1%", "ratio", 0.001],
  ["100%", "ratio", 1],
  ["250%", "ratio", 2.5],
  ["500ms", "seconds", 0.5],
  ["1.5ms", "seconds", 0.0015],
  ["2s", "seconds", 2],
  ["15m", "seconds", 900],
  ["6h", "seconds", 21_600],
  ["14d", "seconds", 1_209_600],
  ["512MiB", "bytes", 536_870_912],
  ["1.5GiB", "bytes", 1_610_612_736],
  ["100B", "bytes", 100],
  ["2TiB", "bytes", 2_199_023_255_552],
  ["100", "number", 100],
  ["0.5", "number", 0.5],
  ["0", "number", 0],
  ["999999999999", "number", 999_999_999_999],
];

/** Texts that have a shorter form. */
const longer: readonly (readonly [text: string, unit: Unit, value: number, written: string])[] = [
  ["2000ms", "seconds", 2, "2s"],
  ["60s", "seconds", 60, "1m"],
  ["1024KiB", "bytes", 2 ** 20, "1MiB"],
  ["05%", "ratio", 0.05, "5%"],
  ["100.0", "number", 100, "100"],
];

const wrong: readonly (readonly [text: string, unit: Unit])[] = [
  // Without a unit, or with that of something else.
  ...(["ratio", "seconds", "bytes"] as const).map((unit) => ["5", unit] as const),
  ["0.05", "ratio"],
  ["5s", "ratio"],
  ["5%", "seconds"],
  ["5MiB", "seconds"],
  ["5m", "bytes"],
  ["5%", "number"],
  ["5s", "number"],
  // Other spellings.
  ["5 %", "ratio"],
  ["5sec", "seconds"],
  ["1h30m", "seconds"],
  ["5S", "seconds"],
  ["5MB", "bytes"],
  ["5mib", "bytes"],
  ["1,5s", "seconds"],
  ["1e3", "number"],
  ["0x10", "number"],
  ["1_000", "number"],
  // No positive numbers of a usual size.
  ["-5%", "ratio"],
  ["+5%", "ratio"],
  ["-1", "number"],
  [".5", "number"],
  ["5.", "number"],
  ["9999999999999", "number"],
  ["0.1234567891", "number"],
  ["Infinity", "number"],
  ["NaN", "number"],
  ["", "number"],
  [" 5", "number"],
  ["5\n", "number"],
  // Names of what every object has.
  ["5constructor", "seconds"],
  ["__proto__", "seconds"],
];

describe("A quantity", () => {
  for (const [text, unit, value] of quantities) {
    it(`of ${text} is ${value} ${unit}, and back`, () => {
      assert.equal(parseQuantity(text, unit), value);
      assert.equal(formatQuantity(value, unit), text);
    });
  }

  for (const [text, unit, value, written] of longer) {
    it(`of ${text} is ${value} ${unit}, written as ${written}`, () => {
      assert.equal(parseQuantity(text, unit), value);
      assert.equal(formatQuantity(value, unit), written);
    });
  }

  for (const [text, unit] of wrong) {
    it(`is not ${JSON.stringify(text)}, in ${unit}`, () =>
      assert.equal(parseQuantity(text, unit), undefined));
  }

  for (const unit of ["ratio", "seconds", "bytes", "number"] as const) {
    it(`in ${unit} can be each example of the message about a wrong one`, () => {
      const examples = expectedQuantity(unit).match(/\d+\S*?(?=,|$| )/gu) ?? [];
      assert.notEqual(examples.length, 0);
      for (const example of examples) assert.notEqual(parseQuantity(example, unit), undefined);
    });
  }
});
