import assert from "node:assert/strict";
import { exceptionAttributes } from "../../src/traces/exception.ts";

const KIB = 1024;
const huge = "x".repeat(3_000 * KIB);

/** Errors as large as a response that they quote, and the lengths that are recorded. */
const cases: readonly {
  readonly title: string;
  readonly exception: { readonly name: string; readonly message?: string; readonly stack?: string };
  readonly message?: number;
  readonly stack: (stack: string) => boolean;
}[] = [
  {
    title: "a huge message, whose stack keeps its frames",
    exception: { name: "Error", message: huge, stack: `Error: ${huge}\n    at f (a.js:1:1)` },
    message: 64 * KIB,
    stack: (stack) => stack.length < 2 * KIB && stack.endsWith("…\n    at f (a.js:1:1)"),
  },
  {
    title: "a stack of many frames",
    exception: { name: "Error", message: "deep", stack: `Error: deep${huge}` },
    message: 4,
    stack: (stack) => stack.length === 64 * KIB,
  },
  {
    title: "a stack without the message",
    exception: { name: "Error", message: huge, stack: `Error: other${"y".repeat(100 * KIB)}` },
    message: 64 * KIB,
    stack: (stack) => stack.length === 64 * KIB,
  },
];

describe("The texts of a recorded exception", () => {
  for (const { title, exception, message, stack } of cases) {
    it(`are bounded: ${title}`, () => {
      const attributes = exceptionAttributes(exception) ?? assert.fail();
      assert.equal(String(attributes["exception.message"]).length, message);
      assert.ok(stack(String(attributes["exception.stacktrace"])));
    });
  }

  it("are bounded: a text", () => {
    const attributes = exceptionAttributes(huge);
    assert.equal(String(attributes?.["exception.message"]).length, 64 * KIB);
  });

  it("are left to the attributes' check if they are no texts", () => {
    const exception = { name: "Error", message: { code: 7 }, stack: ["a"] };
    assert.deepEqual(exceptionAttributes(exception as never), {
      "exception.type": "Error",
      "exception.message": { code: 7 },
      "exception.stacktrace": ["a"],
    });
  });
});
