import assert from "node:assert/strict";
import { variablesTable } from "../../scripts/readme/variables.ts";
import { variables } from "../../src/config/variables.ts";

describe("The table in docs/variables.md", () => {
  const table = variablesTable();

  it("has one row for every variable", () => {
    const rows = table.split("\n").filter((line) => line.startsWith("| `"));
    assert.deepEqual(
      rows.map((line) => /^\| `(\w+)` \|/.exec(line)?.[1]),
      variables.map((variable) => variable.name),
    );
  });

  it("has as many cells in each row as in its header", () => {
    for (const section of table.split("\n\n").filter((part) => part.startsWith("|"))) {
      const counts = section
        .trim()
        .split("\n")
        .map((line) => line.split(/(?<!\\)\|/).length);
      assert.equal(new Set(counts).size, 1, section);
    }
  });
});
