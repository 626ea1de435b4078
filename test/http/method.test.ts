import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/parse.ts";
import { environmentOf } from "../../src/env.ts";
import { normalizeMethod } from "../../src/http/method.ts";

describe("The recorded method", () => {
  for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "QUERY"]) {
    it(`is ${method}, which the conventions have`, () => {
      assert.equal(normalizeMethod(methodsWith({}), method), method);
    });
  }

  for (const method of ["get", "PURGE", "", "_OTHER", "GET "]) {
    it(`is _OTHER for ${JSON.stringify(method)}`, () => {
      assert.equal(normalizeMethod(methodsWith({}), method), "_OTHER");
    });
  }

  it("is one of those in OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS alone, where that is set", () => {
    const known = methodsWith({ OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS: "GET,PURGE" });
    assert.deepEqual(
      ["GET", "PURGE", "POST"].map((method) => normalizeMethod(known, method)),
      ["GET", "PURGE", "_OTHER"],
    );
  });
});

function methodsWith(given: Readonly<Record<string, string>>): ReadonlySet<string> {
  return new Set(parseConfig(environmentOf(given)).config.knownMethods);
}
