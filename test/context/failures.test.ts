import assert from "node:assert/strict";
import { errorTypeOf } from "../../src/context/error-type.ts";
import { failuresOf, isClientError, isDisconnectError } from "../../src/context/failures.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";

const notFound = Object.assign(new Error("not found"), { status: 404 });
const first = new Error("first");
const second = new Error("second");
const revoked = Proxy.revocable({}, {});
revoked.revoke();

const units: readonly (readonly [
  title: string,
  given: Partial<UnitOfWork>,
  failures: readonly unknown[],
])[] = [
  ["without an error", { statusCode: 500 }, []],
  ["with an error and no status", { error: first }, []],
  ["with an error and 404", { error: first, statusCode: 404 }, []],
  ["with an error and 500", { error: first, statusCode: 500 }, [first]],
  [
    "with an error that an error handler passed on as another",
    { originalError: first, error: second, statusCode: 500 },
    [first],
  ],
  [
    "with a client error whose error handler failed",
    { originalError: notFound, error: second, statusCode: 500 },
    [second],
  ],
  ["with a failure and 200", { failures: [first], statusCode: 200 }, [first]],
  [
    "with an error and a failure",
    { error: first, failures: [second], statusCode: 500 },
    [first, second],
  ],
  [
    "with the same error as a failure",
    { originalError: first, error: second, failures: [second, first], statusCode: 503 },
    [first],
  ],
];

describe("The failures of a unit of work", () => {
  for (const [title, given, failures] of units) {
    it(`are ${failures.length} ${title}`, () => {
      assert.deepEqual(failuresOf(Object.assign(new UnitOfWork(), given)), failures);
    });
  }
});

describe("A client error", () => {
  const clientErrors = [
    { status: 404 },
    { statusCode: 400 },
    { output: { statusCode: 422 } },
    { statusCode: 404, status: 500 },
  ];
  for (const error of clientErrors) {
    it(`is ${JSON.stringify(error)}`, () => assert.equal(isClientError(error), true));
  }

  const others = [first, { status: 500 }, { status: "404" }, {}, "404", null, undefined];
  for (const error of [...others, revoked.proxy]) {
    it(`is not ${describeSafely(error)}`, () => assert.equal(isClientError(error), false));
  }
});

describe("An error of a disconnect", () => {
  for (const error of [
    { code: "ECONNRESET" },
    { code: "EPIPE" },
    { code: "ERR_STREAM_PREMATURE_CLOSE" },
    { name: "AbortError" },
  ]) {
    it(`is ${JSON.stringify(error)}`, () => assert.equal(isDisconnectError(error), true));
  }

  for (const error of [{ code: "ENOENT" }, first, null, undefined, revoked.proxy]) {
    it(`is not ${describeSafely(error)}`, () => assert.equal(isDisconnectError(error), false));
  }
});

describe("The error.type", () => {
  const rows: readonly (readonly [error: unknown, type: string])[] = [
    [new TypeError("a"), "TypeError"],
    [Object.assign(new Error("a"), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
    [Object.assign(new Error("a"), { code: "" }), "Error"],
    [Object.assign(new Error("a"), { code: 42 }), "Error"],
    [Object.assign(new Error("a"), { name: "" }), "_OTHER"],
    ["a text", "_OTHER"],
    [null, "_OTHER"],
    [undefined, "_OTHER"],
    [revoked.proxy, "_OTHER"],
  ];
  for (const [error, type] of rows) {
    it(`of ${describeSafely(error)} is ${type}`, () => assert.equal(errorTypeOf(error), type));
  }
});

function describeSafely(value: unknown): string {
  if (value === revoked.proxy) return "a revoked proxy";
  const { name, code } = (value ?? {}) as { readonly name?: string; readonly code?: unknown };
  return value instanceof Error
    ? `an error of name "${name}" and code ${JSON.stringify(code)}`
    : JSON.stringify(value);
}
