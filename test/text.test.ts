import assert from "node:assert/strict";
import { RecentResults } from "../src/text.ts";

describe("Recent results", () => {
  it("are those of the texts that were set", () => {
    const results = new RecentResults<number>(2);
    results.set("a", 1);
    assert.equal(results.get("a"), 1);
    assert.equal(results.get("b"), undefined);
  });

  it("outlive a flood of other texts if they are read again", () => {
    const results = new RecentResults<boolean>(10);
    results.set("read", false);
    results.set("not read", true);
    for (let at = 0; at < 1000; at++) {
      results.set(`flood ${at}`, true);
      assert.equal(results.get("read"), false, `after ${at}`);
    }
    assert.equal(results.get("not read"), undefined);
    assert.equal(results.get("flood 0"), undefined);
  });
});
