import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { root } from "../../scripts/node.mjs";

/** The most files that a folder may have: more can't be scanned at one look. */
const MAX_FILES = 25;

describe("The folders of src/ and test/", () => {
  it("have few enough files to be scanned", () => {
    const counts = new Map<string, number>();
    for (const file of trackedFiles()) {
      counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    }
    const large = [...counts].filter(([, count]) => count > MAX_FILES);
    assert.ok(counts.size > 50, "the files of the repository are listed");
    assert.deepEqual(large, []);
  });
});

function trackedFiles(): string[] {
  const args = ["ls-files", "-z", "--", "src", "test"];
  return execFileSync("git", args, { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean);
}
