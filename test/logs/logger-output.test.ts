import assert from "node:assert/strict";
import { loggerOutput } from "../../src/logs/logger-output.ts";

const NOW = 1_700_000_000_000;

describe("Output of a logger", () => {
  it("is recognised between begin and end, also if they are nested", () => {
    const states = [loggerOutput.isActive(NOW)];
    loggerOutput.begin();
    loggerOutput.begin();
    loggerOutput.end();
    states.push(loggerOutput.isActive(NOW));
    loggerOutput.end();
    states.push(loggerOutput.isActive(NOW));
    assert.deepEqual(states, [false, true, false]);
  });

  it("is recognised by a file in the stack, for a second after a line", () => {
    loggerOutput.recordLineTime(NOW);
    assert.equal(loggerOutput.isActive(NOW), false);
    loggerOutput.addFile(import.meta.url);
    assert.equal(loggerOutput.isActive(NOW + 999), true);
    assert.equal(loggerOutput.isActive(NOW + 1001), false);
  });
});
