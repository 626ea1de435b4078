import assert from "node:assert/strict";
import { configFrom } from "../../src/config/parse.ts";
import { environmentOf } from "../../src/env.ts";
import { keepMethods, knownMethod } from "../../src/entry/method.ts";

describe("the name of a method", () => {
  afterEach(() => keepMethods(methodsWith({})));

  for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "QUERY"]) {
    it(`is ${method}, as the conventions know it`, () => {
      assert.equal(knownMethod(method), method);
    });
  }

  for (const method of ["get", "PURGE", "", "_OTHER", "GET "]) {
    it(`is _OTHER for ${JSON.stringify(method)}`, () => {
      assert.equal(knownMethod(method), "_OTHER");
    });
  }

  it("is one of those in OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS alone, where that is set", () => {
    keepMethods(methodsWith({ OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS: "GET,PURGE" }));
    assert.deepEqual(["GET", "PURGE", "POST"].map(knownMethod), ["GET", "PURGE", "_OTHER"]);
  });
});

function methodsWith(given: Readonly<Record<string, string>>): readonly string[] {
  return configFrom(environmentOf(given)).config.knownMethods;
}
