import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { ValueCopier } from "../../src/logs/value-copier.ts";
import { truncateWellFormed } from "../../src/logs/value.ts";
import { hostileValues } from "./hostile.ts";

const copyOf = (value: unknown): unknown => new ValueCopier(Infinity).copy(value);

describe("The copy of a value", () => {
  for (const hostile of hostileValues) {
    it(`is exact for ${hostile.title}`, () => {
      const copy = copyOf(hostile.make());
      if (hostile.check === undefined) assert.deepEqual(copy, hostile.expectedCopy);
      else hostile.check(copy);
    });
  }

  it("does not change when the app's object does", () => {
    const given = {
      list: [1, 2],
      bytes: Buffer.from("ab"),
      when: new Date(0),
      map: new Map([["a", 1]]),
    };
    const copy = copyOf(given);
    given.list.push(3);
    given.bytes.fill(0);
    given.when.setTime(1);
    given.map.set("a", 2);
    assert.deepEqual(copy, {
      list: [1, 2],
      bytes: new Uint8Array([97, 98]),
      when: "1970-01-01T00:00:00.000Z",
      map: { a: 1 },
    });
  });

  it("uses the result of toJSON", () => {
    class Money {
      readonly #cents = 1250;
      toJSON(): string {
        return (this.#cents / 100).toFixed(2);
      }
    }
    assert.deepEqual(copyOf({ price: new Money() }), { price: "12.50" });
  });

  it("does not loop if toJSON returns its own object", () => {
    const self = {
      a: 1,
      toJSON(): unknown {
        return this;
      },
    };
    assert.deepEqual(copyOf(self), { a: 1 });
  });

  it("has the name, message, stack, code and cause of a nested error", () => {
    const cause = new RangeError("too far");
    const error = Object.assign(new TypeError("bad", { cause }), { code: "E_BAD", request: {} });
    assert.deepEqual(copyOf({ error }), {
      error: {
        name: "TypeError",
        message: "bad",
        stack: error.stack,
        code: "E_BAD",
        cause: { name: "RangeError", message: "too far", stack: cause.stack },
      },
    });
  });

  it("has the message of an error of another realm", () => {
    const copy = copyOf(runInNewContext("new TypeError('elsewhere')")) as { message: string };
    assert.equal(copy.message, "elsewhere");
  });
});

describe("A text with a limit", () => {
  const texts = [
    { text: "abc", length: 3, cut: "abc" },
    { text: "abcd", length: 3, cut: "abc" },
    { text: "ab😀", length: 3, cut: "ab" },
    { text: "ab😀", length: 4, cut: "ab😀" },
    { text: "😀", length: 1, cut: "" },
    { text: "abc", length: 0, cut: "" },
    { text: "abc", length: Infinity, cut: "abc" },
  ];
  for (const { text, length, cut: copied } of texts) {
    it(`is cut from ${JSON.stringify(text)} to ${JSON.stringify(copied)} for the limit ${length}`, () => {
      assert.equal(truncateWellFormed(text, length), copied);
    });
  }
});
