import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/parse.ts";
import { variables } from "../../src/config/variables.ts";
import { commitVariables, environmentOf, environmentVariables } from "../../src/env.ts";
import { variableExamples } from "./examples.ts";
import { specifiedVariables } from "./specified.ts";

describe("The table of variables", () => {
  it("contains every name once", () => {
    const names = variables.map((variable) => variable.name);
    assert.deepEqual(names, [...new Set(names)]);
  });

  for (const name of specifiedVariables) {
    it(`contains ${name} of the specification`, () => {
      assert.ok(variables.some((variable) => variable.name === name));
    });
  }

  it("describes each variable in one line and a sentence", () => {
    for (const { name, doc, default: words } of variables) {
      assert.match(doc, /^.+[.]$/, name);
      assert.doesNotMatch(doc + words, /[\n|]/, name);
    }
  });

  it("has no row that the parser does not read", () => {
    const environment = new WatchedEnvironment();
    parseConfig(environment);
    const supported = variables.filter((variable) => variable.unsupported === undefined);
    assert.deepEqual(
      supported.map((variable) => variable.name).filter((name) => !environment.readNames.has(name)),
      [],
    );
  });

  it("has a row for every variable that the parser reads, whatever is set", () => {
    // The variables of platforms are documented as a list.
    const platforms = [...commitVariables, ...environmentVariables, "NETLIFY"];
    const known = new Set([...variables.map((variable) => variable.name), ...platforms]);
    const given = Object.entries(variableExamples).filter(([name]) => name !== "OTEL_SDK_DISABLED");
    for (const [name, example] of given) {
      const environment = new WatchedEnvironment([
        ...environmentOf({ [name]: example.text, ...example.otherVariables }),
      ]);
      parseConfig(environment);
      assert.deepEqual(
        [...environment.readNames].filter((asked) => !known.has(asked)),
        [],
      );
    }
  });

  it("has an example here for every supported variable", () => {
    const honoured = variables.filter((variable) => variable.unsupported === undefined);
    assert.deepEqual(
      honoured.map((variable) => variable.name).toSorted(),
      Object.keys(variableExamples).toSorted(),
    );
  });
});

/** Records the names of the variables that are read. */
class WatchedEnvironment extends Map<string, string> {
  readonly readNames: Set<string> = new Set();

  override get(name: string): string | undefined {
    this.readNames.add(name);
    return super.get(name);
  }

  override has(name: string): boolean {
    this.readNames.add(name);
    return super.has(name);
  }
}
