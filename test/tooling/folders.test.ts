import assert from "node:assert/strict";
import { dirname } from "node:path";
import { trackedFiles } from "./tracked-files.ts";

/** The most files that a folder may have: more can't be scanned at one look. */
const MAX_FILES = 25;

describe("The folders of src/ and test/", () => {
  it("have few enough files to be scanned", () => {
    const counts = new Map<string, number>();
    for (const file of trackedFiles("src", "test")) {
      counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    }
    const large = [...counts].filter(([, count]) => count > MAX_FILES);
    assert.ok(counts.size > 50, "the files of the repository are listed");
    assert.deepEqual(large, []);
  });
});
