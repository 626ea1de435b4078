import assert from "node:assert/strict";
import { Readable } from "node:stream";
import type { ErrorSlot } from "../../../src/context/unit-views.ts";
import { bodyOf } from "../../../src/errors/event-data/request-body.ts";

const thrower = (): never => {
  throw new Error("no");
};

function body(value: unknown): unknown {
  return bodyOf({ request: { body: value } } as unknown as ErrorSlot);
}

/** Parsed bodies, and what an event has. */
const bodies: readonly (readonly [title: string, value: unknown, expected: unknown])[] = [
  ["fields", { a: "x", b: 1, c: true, d: null }, { a: "x", b: 1, c: true, d: null }],
  ["a list", [1, { b: 2 }], [1, { b: 2 }]],
  ["a secret in a list", [{ apiKey: "x" }], [{ apiKey: "[Filtered]" }]],
  ["a secret of any type", { token: { deep: 1 } }, { token: "[Filtered]" }],
  ["a token in a text", { a: `see ghp_${"x".repeat(36)}` }, { a: "[Filtered]" }],
  ["dates and large numbers", { a: new Date(0), b: 1n }, { a: "1970-01-01T00:00:00.000Z", b: "1" }],
  ["files", { a: Buffer.from("x"), b: new Blob(["x"]) }, { a: "[Buffer]", b: "[Blob]" }],
  [
    "a name of a prototype",
    JSON.parse('{"__proto__":{"a":1}}'),
    JSON.parse('{"__proto__":{"a":1}}'),
  ],
  [
    "a getter that throws",
    Object.defineProperty({}, "a", { get: thrower, enumerable: true }),
    { a: undefined },
  ],
  ["a proxy that throws", new Proxy({}, { ownKeys: thrower }), undefined],
  ["a text, which has no names", "password=x", undefined],
  ["a buffer", Buffer.from("x"), undefined],
  ["a stream", Readable.from(["x"]), undefined],
  ["nothing", undefined, undefined],
];

describe("The body of a request in an event", () => {
  for (const [title, value, expected] of bodies) {
    it(`has ${title}`, () => assert.deepEqual(body(value), expected));
  }

  it("is not that of the response of Koa", () => {
    const ctx = { request: { body: { of: "request" } }, body: { of: "response" } };
    assert.deepEqual(bodyOf({ frameworkRequest: ctx } as unknown as ErrorSlot), { of: "request" });
    const without = { request: {}, body: { of: "response" } };
    assert.equal(bodyOf({ frameworkRequest: without } as unknown as ErrorSlot), undefined);
  });

  it("is bounded in size and depth", () => {
    const wide = Array.from({ length: 1000 }, () =>
      Array.from({ length: 1000 }, () => "x".repeat(5000)),
    );
    assert.ok(JSON.stringify(body(wide)).length < 40_000);
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    assert.ok(JSON.stringify(body(circular)).includes("[Object]"));
  });
});
