import assert from "node:assert/strict";
import { parseJsonLine } from "../../src/logs/parse-json-line.ts";

const numbers: readonly { readonly text: string; readonly value: unknown }[] = [
  { text: "0", value: 0 },
  { text: "-0", value: -0 },
  { text: "12.5", value: 12.5 },
  { text: "1.50", value: 1.5 },
  { text: "1e3", value: 1000 },
  { text: "0.30000000000000004", value: 0.1 + 0.2 },
  { text: "9007199254740991", value: 2 ** 53 - 1 },
  { text: "9007199254740993", value: 9_007_199_254_740_993n },
  { text: "-9223372036854775808", value: -(2n ** 63n) },
  { text: "9223372036854775807", value: 2n ** 63n - 1n },
  { text: "9223372036854775808", value: "9223372036854775808" },
  { text: "18446744073709551615", value: "18446744073709551615" },
  { text: "1e300", value: 1e300 },
  { text: "1000000000000000000000000000000", value: 1e30 },
  { text: "1e400", value: "1e400" },
  { text: "-1E+400", value: "-1E+400" },
  { text: "1e-400", value: "1e-400" },
  { text: "3.141592653589793238462643", value: "3.141592653589793238462643" },
  { text: "0.10000000000000000001", value: "0.10000000000000000001" },
  { text: "1234567890.123456789", value: "1234567890.123456789" },
];

describe("Parsing a line of JSON", () => {
  for (const { text, value } of numbers) {
    it(`retains the digits of ${text}`, () => {
      assert.deepEqual(parseJsonLine(`{"number":${text}}`), { number: value });
      assert.deepEqual(parseJsonLine(`{"list":[{"number":${text}}]}`), {
        list: [{ number: value }],
      });
    });
  }

  for (const text of ["", "placed", "[1]", "{", '{"a":1} more', "{'a':1}"]) {
    it(`returns undefined for a text that is no JSON object: ${text}`, () => {
      assert.equal(parseJsonLine(text), undefined);
    });
  }

  it("retains an own __proto__", () => {
    const line = parseJsonLine('{"__proto__":{"a":1},"id":9007199254740993}');
    assert.equal(Object.getPrototypeOf(line), Object.prototype);
  });
});
