import assert from "node:assert/strict";
import { TimeLimit } from "../../../src/export/connection/time-limit.ts";
import { pollUntilTrue } from "../../until.ts";

describe("A time limit", () => {
  it("expires once", async () => {
    let over = 0;
    const began = performance.now();
    const limit = new TimeLimit(30, () => over++);
    await pollUntilTrue(() => over > 0, "the end of the limit");
    assert.ok(performance.now() - began >= 29);
    await runLoopTurns(5);
    assert.equal(over, 1);
    limit.clear();
  });

  it("that was cleared does not expire, even in the turn before it would", async () => {
    let over = 0;
    const limit = new TimeLimit(1, () => over++);
    // Runs after the limit's own timer, which is older, in the same turn of the loop.
    const cleared = new Promise<void>((resolve) => {
      setTimeout(() => {
        limit.clear();
        resolve();
      }, 1);
    });
    block(5);
    await cleared;
    await runLoopTurns(50);
    assert.equal(over, 0);
  });

  it("is extended once by the time that the event loop was blocked", async () => {
    let overAt = 0;
    const limit = new TimeLimit(10, () => (overAt = performance.now()));
    block(400);
    const free = performance.now();
    await runLoopTurns(5);
    // A busy machine may take as long as the extension for these turns.
    assert.ok(overAt === 0 || overAt - free > 300, "judged at once");
    await pollUntilTrue(() => overAt > 0, "the end of the limit");
    assert.ok(overAt - free > 300, `${overAt - free} ms`);
    limit.clear();
  });
});

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

async function runLoopTurns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
