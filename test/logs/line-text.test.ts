import assert from "node:assert/strict";
import { toJsonString } from "../../src/logs/json-string.ts";
import {
  containsField,
  containsText,
  hasUnknownText,
  stripColors,
} from "../../src/logs/line-text.ts";

describe("The text of a line", () => {
  it("has no colours after stripColors", () => {
    assert.equal(stripColors("\u001b[31mred\u001b[39m"), "red");
  });

  it("contains a value also with the escapes of JSON", () => {
    assert.equal(containsText('{"message":"a \\"b\\""}', 'a "b"'), true);
    assert.equal(containsText("a b", "c"), false);
  });

  const fields: readonly [text: string, key: string, value: string | number, expected: boolean][] =
    [
      ["placed order=12", "order", 12, true],
      ["placed order: 12", "order", 12, true],
      ['placed {"order":12}', "order", 12, true],
      ["placed order=123", "order", 12, false],
      ["placed 12", "order", 12, false],
      ["orders order=12", "order", 12, true],
      ["placed longenough", "order", "longenough", true],
      ["placed longenoughs", "order", "longenough", false],
      ["placed short", "order", "short", false],
      ["at 07:30", "timestamp", "07:30", true],
      ["placed", "order", "", false],
      ["placed", "", "placed", false],
    ];
  for (const [text, key, value, expected] of fields) {
    it(`${expected ? "contains" : "does not contain"} ${key || "a field without a name"} with ${value || "no value"}: ${text}`, () => {
      assert.equal(containsField(text, key, value), expected);
    });
  }

  it("has unknown text if there are words beside the known parts", () => {
    assert.equal(hasUnknownText("info: placed 12", ["info", "placed", 12]), false);
    assert.equal(hasUnknownText("info: placed 12 items", ["info", "placed", 12]), true);
    assert.equal(hasUnknownText("[]", [undefined, ""]), false);
  });
});

describe("A text as JSON", () => {
  for (const text of ["", "plain", 'a "b"', "\u0000\n\\", "é😀", "\ud83d", "x".repeat(2000)]) {
    it(`is the same as by JSON.stringify: ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.equal(toJsonString(text), JSON.stringify(text));
    });
  }
});
