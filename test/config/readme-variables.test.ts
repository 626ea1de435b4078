import assert from "node:assert/strict";
import { variablesTable, withTable } from "../../scripts/readme-variables.ts";
import { variables } from "../../src/config/variables.ts";

const START = "<!-- variables:start -->";
const END = "<!-- variables:end -->";

describe("the README's table of variables", () => {
  const table = variablesTable();

  it("has one row for every variable", () => {
    const rows = table.split("\n").filter((line) => line.startsWith("| `"));
    assert.deepEqual(
      rows.map((line) => /^\| `(\w+)` \|/.exec(line)?.[1]),
      variables.map((variable) => variable.name),
    );
  });

  it("has as many cells in a row as in its head", () => {
    for (const section of table.split("\n\n").filter((part) => part.startsWith("|"))) {
      const counts = section
        .trim()
        .split("\n")
        .map((line) => line.split(/(?<!\\)\|/).length);
      assert.equal(new Set(counts).size, 1, section);
    }
  });

  it("replaces what stood between the marks and nothing else", () => {
    const readme = `a\n${START}\nstale text\n${END}\nb\n`;
    const first = withTable(readme) ?? "";
    assert.ok(first.startsWith(`a\n${START}\n\n**General**`));
    assert.ok(first.endsWith(`|\n\n${END}\nb\n`));
    assert.doesNotMatch(first, /stale text/);
    assert.equal(withTable(first), first);
  });

  for (const readme of ["", "text", START, END, `${END}${START}`]) {
    it(`has no place in ${JSON.stringify(readme)}`, () => {
      assert.equal(withTable(readme), undefined);
    });
  }
});
