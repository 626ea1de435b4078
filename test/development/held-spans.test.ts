import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { HeldSpans } from "../../src/development/held-spans.ts";
import { pollUntilTrue } from "../until.ts";

describe("Held spans", () => {
  it("are released later, in their order, and once", async () => {
    const released: number[] = [];
    const held = new HeldSpans<number>((span) => released.push(span));
    for (const span of [1, 2, 3]) held.add(span);
    assert.deepEqual(released, []);
    assert.equal(held.count, 3);
    await pollUntilTrue(() => held.count === 0, "the release");
    held.add(4);
    await pollUntilTrue(() => held.count === 0, "the release");
    assert.deepEqual(released, [1, 2, 3, 4]);
  });

  it("are held for two ticks of the watch of stalls, though the timers are late", async () => {
    let releasedAt = 0;
    const held = new HeldSpans<number>(() => {
      releasedAt = performance.now();
    });
    held.add(1);
    await wait(0);
    const until = performance.now() + 200;
    while (performance.now() < until);
    held.add(2);
    const addedAt = performance.now();
    await pollUntilTrue(() => held.count === 0, "the release");
    assert.ok(releasedAt - addedAt >= 59, String(releasedAt - addedAt));
  });

  it("are released at once at the end", () => {
    const released: number[] = [];
    const held = new HeldSpans<number>((span) => released.push(span));
    held.add(1);
    held.add(2);
    held.releaseAll();
    assert.deepEqual(released, [1, 2]);
    assert.equal(held.count, 0);
  });
});
