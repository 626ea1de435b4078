import assert from "node:assert/strict";
import { isRequestIdHeader, requestIdFrom } from "../../../src/http/server/request-id.ts";

const GENERATED_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const accepted: readonly string[] = [
  "a",
  "0",
  "abc-123",
  "3f2b8c1e-9d4a-4e7b-8a6f-0c5d1e2f3a4b",
  "AZaz09._~+/=:-",
  "Root=1-67891233-abcdef012345678912345678",
  "a".repeat(128),
];

const rejected: readonly (readonly [title: string, given: unknown])[] = [
  ["no header", undefined],
  ["an empty one", ""],
  ["one of 129 characters", "a".repeat(129)],
  ["one of a megabyte", "a".repeat(1 << 20)],
  ["one with a space", "a b"],
  ["one with a space at its end", "a "],
  ["one with a tab", "a\tb"],
  ["one with a line feed at its end", "a\n"],
  ["one with a header behind it", "a\r\nset-cookie: b=1"],
  ["one with an escaped line feed", "a%0d%0aset-cookie: b"],
  ["one with a NUL", "a\0"],
  ["one that is not ASCII", "ä"],
  ["one with a full-width letter", "ａ"],
  ["a list", "a, b"],
  ["JSON", '{"a":1}'],
  ["markup", "<script>alert(1)</script>"],
  ["a quote", "a'--"],
  ["a format of Log4j", "${jndi:ldap://a}"],
  ["an escape sequence", "\u001b[31ma"],
  ["an array", ["a"]],
  ["an object with a text", { toString: () => "a" }],
  ["a number", 1],
];

describe("The id of a request", () => {
  for (const id of accepted) {
    it(`is that of the client for ${id.length > 60 ? `${id.length} characters` : id}`, () => {
      assert.equal(requestIdFrom(id), id);
    });
  }

  for (const [title, given] of rejected) {
    it(`is a new one for ${title}`, () => {
      assert.match(requestIdFrom(given), GENERATED_ID);
    });
  }

  it("is another one for each request", () => {
    const ids = Array.from({ length: 1000 }, () => requestIdFrom(undefined));
    assert.equal(new Set(ids).size, 1000);
  });
});

describe("The name of the header of the request id", () => {
  for (const name of ["x-request-id", "X-Request-Id", "X-REQUEST-ID", "x-rEQUEST-iD"]) {
    it(`is ${name}`, () => assert.equal(isRequestIdHeader(name), true));
  }

  for (const name of ["", "x-request-ID ", "x-request-ip", "x_request_id", "request-id", 1, null]) {
    it(`is not ${JSON.stringify(name)}`, () => assert.equal(isRequestIdHeader(name), false));
  }
});
