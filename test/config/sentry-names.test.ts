import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/parse.ts";
import { environmentName, releaseName } from "../../src/config/sentry-names.ts";
import { environmentOf } from "../../src/env.ts";

/** The rule of Sentry's `validate_release` and `validate_environment` for characters. */
// oxlint-disable-next-line no-control-regex -- That is the rule.
const ACCEPTED = /^[^\\/\r\n\t\u007f\u0000-\u001f]+$/;

describe("The name of a release", () => {
  const rows: readonly (readonly [text: string, name: string | undefined])[] = [
    ["shop@1.2.3", "shop@1.2.3"],
    ["@acme/shop@1.2.3", "acme-shop@1.2.3"],
    ["@shop@1.2.3", "@shop@1.2.3"],
    ["shop@feature/a", "shop@feature-a"],
    ["a\\b\nc\td", "a-b-c-d"],
    ["Größe 1 ✓", "Größe 1 ✓"],
    ["x".repeat(300), "x".repeat(200)],
    ["✓".repeat(100), "✓".repeat(66)],
    ["none", "none"],
    ["latest", undefined],
    [".", undefined],
    ["..", undefined],
    ["", undefined],
  ];
  for (const [text, name] of rows) {
    it(`is ${JSON.stringify(name)} for ${JSON.stringify(text).slice(0, 40)}`, () => {
      assert.equal(releaseName(text), name);
      if (name !== undefined) assert.match(name, ACCEPTED);
    });
  }

  it("is used in a form that Sentry accepts, and the change is reported", () => {
    const { config, issues } = parseConfig(environmentOf({ SENTRY_RELEASE: "@acme/shop@1" }));
    assert.equal(config.errors.release, "acme-shop@1");
    assert.deepEqual(
      issues.map((issue) => [issue.variable, "used" in issue && issue.used]),
      [["SENTRY_RELEASE", "its first 200 bytes, with a dash for each of these characters"]],
    );
  });
});

describe("The name of an environment", () => {
  const rows: readonly (readonly [text: string, name: string | undefined])[] = [
    ["production", "production"],
    ["review/feature-1", "review-feature-1"],
    ["x".repeat(100), "x".repeat(64)],
    ["latest", "latest"],
    ["None", undefined],
  ];
  for (const [text, name] of rows) {
    it(`is ${JSON.stringify(name)} for ${JSON.stringify(text).slice(0, 40)}`, () => {
      assert.equal(environmentName(text), name);
    });
  }
});
