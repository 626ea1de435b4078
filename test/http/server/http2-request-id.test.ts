import assert from "node:assert/strict";
import http2 from "node:http2";
import { withRequestId } from "../../../src/http/server/http2-request-id.ts";

/** Headers of a response, and what is sent. */
const rows: readonly (readonly [title: string, headers: unknown, sent: unknown])[] = [
  ["no headers", undefined, { "x-request-id": "1" }],
  ["an empty object", {}, { "x-request-id": "1" }],
  ["others", { ":status": 404, a: "b" }, { ":status": 404, a: "b", "x-request-id": "1" }],
  ["an empty list", [], ["x-request-id", "1"]],
  ["a list of others", ["a", "b"], ["a", "b", "x-request-id", "1"]],
  [
    "a value that names it",
    ["vary", "x-request-id"],
    ["vary", "x-request-id", "x-request-id", "1"],
  ],
];

/** Headers that are passed on unchanged. */
const unchanged: readonly (readonly [title: string, headers: unknown])[] = [
  ["an id of the app", { "x-request-id": "app" }],
  ["an id of the app in mixed case", { "X-Request-Id": "app" }],
  ["an id of the app in a list", ["X-Request-Id", "app"]],
  ["null", null],
  ["a number", 1],
  ["a function", () => {}],
];

describe("The headers of an HTTP/2 response", () => {
  for (const [title, headers, sent] of rows) {
    it(`get the request id with ${title}, as a copy`, () => {
      const before = structuredClone(headers);
      const result = withRequestId(headers, "1");
      assert.deepEqual(Array.isArray(result) ? result : { ...(result as object) }, sent);
      assert.deepEqual(headers, before);
    });
  }

  for (const [title, headers] of unchanged) {
    it(`are unchanged with ${title}`, () => assert.equal(withRequestId(headers, "1"), headers));
  }

  it("are unchanged where reading them throws", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    assert.equal(withRequestId(proxy, "1"), proxy);
  });

  it("keep the symbol of the sensitive ones", () => {
    const { sensitiveHeaders } = http2;
    for (const headers of [{ a: "b" }, ["a", "b"]]) {
      Object.defineProperty(headers, sensitiveHeaders, { value: ["a"], enumerable: true });
      const result = withRequestId(headers, "1") as Record<symbol, unknown>;
      assert.deepEqual(result[sensitiveHeaders], ["a"]);
    }
  });
});
