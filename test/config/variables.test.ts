import assert from "node:assert/strict";
import { configFrom } from "../../src/config/parse.ts";
import { variables } from "../../src/config/variables.ts";
import { environmentOf } from "../../src/env.ts";
import { examples } from "./examples.ts";
import { specified } from "./specified.ts";

describe("the table of variables", () => {
  it("has every name once", () => {
    const names = variables.map((variable) => variable.name);
    assert.deepEqual(names, [...new Set(names)]);
  });

  for (const name of specified) {
    it(`knows ${name} of the specification`, () => {
      assert.ok(variables.some((variable) => variable.name === name));
    });
  }

  it("says what each one is for, on one line and as a sentence", () => {
    for (const { name, doc, default: words } of variables) {
      assert.match(doc, /^.+[.]$/, name);
      assert.doesNotMatch(doc + words, /[\n|]/, name);
    }
  });

  it("has no row that the parser does not read", () => {
    const environment = new WatchedEnvironment();
    configFrom(environment);
    const supported = variables.filter((variable) => variable.unsupported === undefined);
    assert.deepEqual(
      supported.map((variable) => variable.name).filter((name) => !environment.asked.has(name)),
      [],
    );
  });

  it("has a row for all that the parser reads, whatever is set", () => {
    const known = new Set(variables.map((variable) => variable.name));
    const given = Object.entries(examples).filter(([name]) => name !== "OTEL_SDK_DISABLED");
    for (const [name, example] of given) {
      const environment = new WatchedEnvironment([
        ...environmentOf({ [name]: example.text, ...example.beside }),
      ]);
      configFrom(environment);
      assert.deepEqual(
        [...environment.asked].filter((asked) => !known.has(asked)),
        [],
      );
    }
  });

  it("has an example here for every variable that is honoured", () => {
    const honoured = variables.filter((variable) => variable.unsupported === undefined);
    assert.deepEqual(
      honoured.map((variable) => variable.name).toSorted(),
      Object.keys(examples).toSorted(),
    );
  });
});

/** Remembers what it was asked for. */
class WatchedEnvironment extends Map<string, string> {
  readonly asked: Set<string> = new Set();

  override get(name: string): string | undefined {
    this.asked.add(name);
    return super.get(name);
  }

  override has(name: string): boolean {
    this.asked.add(name);
    return super.has(name);
  }
}
