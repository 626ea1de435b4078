import assert from "node:assert/strict";
import { mock } from "node:test";
import { UnsentTelemetry } from "../../src/diagnostics/unsent-telemetry.ts";

describe("Unsent telemetry", () => {
  let hasUnsent: boolean;
  let changes: boolean[];
  let unsent: UnsentTelemetry;
  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout"] });
    hasUnsent = true;
    changes = [];
    unsent = new UnsentTelemetry();
  });
  afterEach(() => mock.timers.reset());
  const watch = (): void =>
    unsent.watch(
      () => hasUnsent,
      (any) => changes.push(any),
    );

  it("is reported once, however often it is marked", () => {
    watch();
    unsent.mark();
    unsent.mark();
    assert.deepEqual(changes, [true]);
  });

  it("is reported if it was marked before", () => {
    unsent.mark();
    watch();
    assert.deepEqual(changes, [true]);
  });

  it("is not reported without a mark", () => {
    watch();
    mock.timers.tick(10_000);
    assert.deepEqual(changes, []);
  });

  it("stays reported while there is some", () => {
    watch();
    unsent.mark();
    mock.timers.tick(1000);
    assert.deepEqual(changes, [true]);
  });

  it("is cleared once all is sent, and reported again", async () => {
    watch();
    unsent.mark();
    hasUnsent = false;
    mock.timers.tick(1000);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(changes, [true, false]);
    unsent.mark();
    assert.deepEqual(changes, [true, false, true]);
  });

  it("is not cleared if some is recorded during the check", async () => {
    watch();
    unsent.mark();
    hasUnsent = false;
    mock.timers.tick(1000);
    hasUnsent = true;
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(changes, [true]);
  });
});
