import assert from "node:assert/strict";
import { joinPattern, patternText } from "../../src/context/route-pattern.ts";

const texts: readonly (readonly [path: unknown, text: string | undefined])[] = [
  ["/users/:id", "/users/:id"],
  ["", ""],
  [/^\/users\/(\d+)$/i, "/^\\/users\\/(\\d+)$/i"],
  [["/a", "/b"], "/a,/b"],
  [["/a", ["/b", [/c/]]], "/a,/b,/c/"],
  [["/a", 1, undefined], "/a"],
  [[], ""],
  [undefined, undefined],
  [null, undefined],
  [1, undefined],
  [{ path: "/a" }, undefined],
];

describe("The text of a route", () => {
  for (const [path, text] of texts) {
    it(`is ${JSON.stringify(text)} for ${path instanceof RegExp ? path : JSON.stringify(path)}`, () => {
      assert.equal(patternText(path), text);
    });
  }
});

const joined: readonly (readonly [prefix: string, path: string, pattern: string])[] = [
  ["", "", "/"],
  ["", "/", "/"],
  ["", "/users", "/users"],
  ["/shop", "", "/shop"],
  ["/shop", "/", "/shop"],
  ["/shop", "/users/:id", "/shop/users/:id"],
  ["/shop", "*", "/shop*"],
];

describe("A route below a mount", () => {
  for (const [prefix, path, pattern] of joined) {
    it(`is ${pattern} for "${path}" below "${prefix}"`, () => {
      assert.equal(joinPattern(prefix, path), pattern);
    });
  }
});
