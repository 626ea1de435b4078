import assert from "node:assert/strict";
import {
  excerpt,
  escapeControlCharacters,
} from "../../src/diagnostics/escape-control-characters.ts";

describe("Text from outside", () => {
  const rows: readonly (readonly [title: string, text: string, shown: string])[] = [
    ["plain text", "Too Many Requests", "Too Many Requests"],
    ["other alphabets", "zu viele Anfragen, слишком, 多すぎ", "zu viele Anfragen, слишком, 多すぎ"],
    ["a colour", "\u001b[31mred", "\\u001b[31mred"],
    ["a bell", "ding\u0007", "ding\\u0007"],
    ["a window title", "\u001b]0;owned\u0007", "\\u001b]0;owned\\u0007"],
    ["a C1 control sequence", "\u009b31m", "\\u009b31m"],
    ["line breaks", "one\r\ntwo\ttabbed", "one\\r\\ntwo\\ttabbed"],
    [
      "Unicode separators",
      "one\u2028two\u2029three\u0085four",
      "one\\u2028two\\u2029three\\u0085four",
    ],
    ["a bidirectional override", "user\u202e nimda", "user\\u202e nimda"],
    [
      "bidirectional isolates and marks",
      "\u2066a\u2069\u200e\u200f\u061c",
      "\\u2066a\\u2069\\u200e\\u200f\\u061c",
    ],
    ["zero-width characters", "pass\u200bword\u2060\ufeff", "pass\\u200bword\\u2060\\ufeff"],
    ["a tag character", "\u{e0041}", "\\u{e0041}"],
  ];
  for (const [title, text, shown] of rows) {
    it(`with ${title} is escaped`, () => {
      assert.equal(escapeControlCharacters(text), shown);
      assert.equal(excerpt(text), shown);
    });
  }

  it("is truncated", () => {
    assert.equal(excerpt("x".repeat(100_000)), `${"x".repeat(200)}…`);
    assert.equal(excerpt("abcdef", 3), "abc…");
  });
});
