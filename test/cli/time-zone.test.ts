import assert from "node:assert/strict";
import { isTimeZone } from "../../src/cli/option-values/time-zone.ts";

describe("a time zone", () => {
  it("is known by its name", () => {
    assert.deepEqual(["Europe/Zurich", "UTC", "Mars/Olympus", ""].map(isTimeZone), [
      ...[true, true, false, false],
    ]);
  });
});
