import assert from "node:assert/strict";
import { UnitOfWork } from "../../../src/context/unit-of-work.ts";
import { LineDuplicates } from "../../../src/errors/logged/line-duplicates.ts";

interface Captured {
  readonly message: string;
  readonly line?: string;
  readonly unit?: UnitOfWork;
}

function idAfter(duplicates: LineDuplicates, { message, line, unit }: Captured): unknown {
  const hint = line === undefined ? undefined : { loggedLine: line };
  return duplicates.eventIdOf(new Error(message), hint, unit);
}

function addTo(duplicates: LineDuplicates, { message, line, unit }: Captured, id = "first"): void {
  const hint = line === undefined ? {} : { loggedLine: line };
  duplicates.add(new Error(message), hint, unit, id);
}

describe("An error that a transport makes of a line", () => {
  const unit = new UnitOfWork();
  const rows: readonly (readonly [string, Captured, Captured, boolean])[] = [
    ["has the message of the line", { message: "a", line: "x a" }, { message: "x a" }, true],
    ["has the message of the error", { message: "a", line: "x a" }, { message: "a" }, true],
    ["was captured before the line", { message: "x a" }, { message: "a", line: "x a" }, true],
    ["was captured before, as the error", { message: "a" }, { message: "a", line: "x" }, true],
    ["belongs to a unit", { message: "a", line: "a", unit }, { message: "a", unit }, true],
    ["is not another error", { message: "a", line: "x a" }, { message: "b" }, false],
    ["is not one of another unit", { message: "a", line: "a", unit }, { message: "a" }, false],
    ["is not another logged one", { message: "a", line: "a" }, { message: "a", line: "a" }, false],
    ["is not one of two captured ones", { message: "a" }, { message: "a" }, false],
    ["is not one without a message", { message: "", line: "x" }, { message: "" }, false],
  ];
  for (const [title, first, second, isDuplicate] of rows) {
    it(title, () => {
      const duplicates = new LineDuplicates();
      addTo(duplicates, first);
      assert.equal(idAfter(duplicates, second), isDuplicate ? "first" : undefined);
    });
  }

  it("is captured in the same turn", async () => {
    const duplicates = new LineDuplicates();
    addTo(duplicates, { message: "a", line: "a" });
    addTo(duplicates, { message: "b", line: "b" }, "second");
    assert.equal(idAfter(duplicates, { message: "b" }), "second");
    await Promise.resolve();
    assert.equal(idAfter(duplicates, { message: "a" }), undefined);
    addTo(duplicates, { message: "a", line: "a" }, "third");
    assert.equal(idAfter(duplicates, { message: "a" }), "third");
  });

  it("may be no error", () => {
    const duplicates = new LineDuplicates();
    addTo(duplicates, { message: "a", line: "a" });
    duplicates.add(7, undefined, undefined, "second");
    for (const thrown of [undefined, null, "a", 7]) {
      assert.equal(duplicates.eventIdOf(thrown, undefined, undefined), undefined);
      assert.equal(duplicates.eventIdOf(thrown, { loggedLine: "x" }, undefined), undefined);
    }
  });
});
