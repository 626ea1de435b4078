import assert from "node:assert/strict";
import { inspect } from "node:util";
import { isThenable } from "../src/thenable.ts";

function objectWith(key: string, value: unknown): object {
  return { [key]: value };
}

const thenables: readonly (readonly [title: string, value: unknown])[] = [
  ["a promise", Promise.resolve()],
  ["an object with then", objectWith("then", () => {})],
  ["an object that inherits then", Object.create(objectWith("then", () => {}))],
  [
    "a function with then",
    Object.assign(
      () => {},
      objectWith("then", () => {}),
    ),
  ],
];

describe("A thenable", () => {
  for (const [title, value] of thenables) {
    it(`is ${title}`, () => assert.equal(isThenable(value), true));
  }

  for (const value of [
    undefined,
    null,
    1,
    "then",
    true,
    Symbol("then"),
    {},
    objectWith("then", 1),
  ]) {
    it(`is not ${inspect(value)}`, () => {
      assert.equal(isThenable(value), false);
    });
  }

  it("throws where reading its then does", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    assert.throws(() => isThenable(proxy), TypeError);
  });
});
