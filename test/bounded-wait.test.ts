import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { waitAtMost } from "../src/bounded-wait.ts";
import { runWithin } from "../src/context/runs/limited-run.ts";
import { awaitBlockedAnswer, type BlockedAnswer } from "./blocked-loop.ts";

const LIMIT_MS = 20;
const BLOCKED_MS = 50;

describe("An answer that arrives while the event loop is blocked beyond the time limit", () => {
  let answer: BlockedAnswer;
  beforeEach(async () => {
    answer = await awaitBlockedAnswer();
  });
  afterEach(() => answer.close());

  it("is waited for", async () => {
    let isRead = false;
    const waiting = waitAtMost(
      answer.read.then(() => {
        isRead = true;
      }),
      LIMIT_MS,
    );
    answer.arrive(BLOCKED_MS);
    await waiting;
    assert.ok(isRead);
  });

  it("is the result of a run, whose signal is not aborted later", async () => {
    const signals: AbortSignal[] = [];
    const { outcome, settled } = runWithin(LIMIT_MS, async (signal) => {
      signals.push(signal);
      await answer.read;
      return "answer";
    });
    answer.arrive(BLOCKED_MS);
    assert.deepEqual(await outcome, { value: "answer" });
    await settled;
    await turn();
    assert.equal(signals[0]?.aborted, false);
  });
});

describe("A run that does not end", () => {
  it("has an error with its time limit, and an aborted signal", async () => {
    const signals: AbortSignal[] = [];
    const { outcome } = runWithin(1, (signal) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    const { error } = (await outcome) as { readonly error: Error };
    assert.deepEqual([error.name, error.message], ["TimeoutError", "timed out after 1 ms"]);
    assert.equal(signals[0]?.reason, error);
  });
});
