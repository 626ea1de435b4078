import assert from "node:assert/strict";
import { inspect } from "node:util";
import vm from "node:vm";
import { isErrorObject, markThrown, thrownValueOf } from "../../src/context/thrown.ts";
import { failuresOf } from "../../src/context/failures.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";

const revoked = Proxy.revocable(new Error("revoked"), {});
revoked.revoke();

const values: readonly unknown[] = [
  ...[undefined, null, "", 0, false, Number.NaN, "text", 7n, Symbol("s")],
  ...[new Error("error"), {}, revoked.proxy],
];

describe("A thrown value", () => {
  for (const value of values) {
    const title = typeof value === "object" ? "an object" : inspect(value);
    it(`is known as thrown, and is the same again: ${title}`, () => {
      const marked = markThrown(value);
      assert.ok(marked !== undefined && marked !== null);
      assert.ok(Object.is(thrownValueOf(marked), value));
    });

    it(`fails a unit of work once, whatever the layers that record it: ${title}`, () => {
      const unit = new UnitOfWork();
      for (let layer = 0; layer < 3; layer++) {
        unit.recordError(value);
        unit.recordFailure(value);
      }
      unit.statusCode = 500;
      const failures = failuresOf(unit);
      assert.equal(failures.length, 1);
      assert.ok(Object.is(thrownValueOf(failures[0]), value));
    });
  }
});

const errors: readonly (readonly [title: string, value: unknown, isError: boolean])[] = [
  ["an error", new TypeError("error"), true],
  ["an error of another realm", vm.runInNewContext("new Error('far')"), true],
  ["a DOMException", new DOMException("aborted"), true],
  ["an object with a message", { message: "no error" }, false],
  ["a text", "no error", false],
  ["a revoked proxy", revoked.proxy, false],
];

describe("What is an error", () => {
  for (const [title, value, isError] of errors) {
    it(`${title}: ${isError}`, () => assert.equal(isErrorObject(value), isError));
  }
});
