import assert from "node:assert/strict";
import { startReceiver } from "../../src/testing/receiver.ts";
import { bundlePrograms } from "./preload.ts";
import { eventText } from "./events.ts";

describe("A DSN that the app changes", () => {
  it("has no effect: the environment is read at start", async () => {
    const [programs, first, second] = await Promise.all([
      bundlePrograms(["changed-dsn.ts"]),
      startReceiver(),
      startReceiver(),
    ]);
    const env = { SENTRY_DSN: first.dsn, OTEL_LOG_LEVEL: "warn" };
    const ended = await programs.run("changed-dsn.ts", { args: [second.dsn], env });
    await Promise.all([first.settled(), second.settled()]);
    assert.deepEqual([ended.code, ended.stderr], [0, ""]);
    assert.deepEqual(new Set(first.events.map(eventText)), new Set(["before", "after"]));
    assert.equal(second.items.length, 0);
    await Promise.all([programs.remove(), first.close(), second.close()]);
  });
});
