import assert from "node:assert/strict";
import { explain, explainedNames } from "../../src/ops/explanation.ts";
import { defaultOptions } from "../../src/ops/options/ops-options.ts";

const rows: readonly (readonly [name: string, text: RegExp])[] = [
  ["HighErrorRatio", /^# HighErrorRatio\n\n\*\*critical\.\*\*/],
  ["Databases/Used connections", /^# Databases\/Used connections\n\nThe part of a pool in use/],
  ["Used connections", /It may be empty\. The service uses no pool/],
  // Each dashboard with such a panel.
  ["Failed requests", /^# Operations\/Failed requests\n[^]*\n# Application\/Failed requests\n/],
];

describe("an explanation", () => {
  for (const [name, text] of rows) {
    it(`exists of ${name}`, () => {
      assert.match(explain(name, defaultOptions) ?? "", text);
    });
  }

  it("exists of each name that is suggested", () => {
    for (const name of explainedNames(defaultOptions))
      assert.notEqual(explain(name, defaultOptions), undefined, name);
  });

  it("is undefined of a name that nothing has", () => {
    assert.equal(explain("Databases/Nothing", defaultOptions), undefined);
  });
});
