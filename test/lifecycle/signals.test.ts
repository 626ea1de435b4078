import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { constants } from "node:os";
import { ProcessListenerWatch } from "../../src/lifecycle/process-listeners.ts";
import {
  type SignalListeners,
  type SignalProcess,
  watchSignals,
} from "../../src/lifecycle/signals.ts";

const { SIGTERM } = constants.signals;

/** A process that records the calls of `kill` instead of ending. */
class FakeProcess extends EventEmitter implements SignalProcess {
  readonly pid = 4711;
  readonly killed: unknown[][] = [];

  kill(...args: unknown[]): true {
    this.killed.push(args);
    return true;
  }

  /** The listener count is that at the time of the kill: 0 is the default action. */
  _kill(pid: number, signal: number): number {
    this.killed.push([pid, signal, this.listenerCount("SIGTERM")]);
    return 0;
  }

  /** What Node does with a received signal. */
  receive(): void {
    this.emit("SIGTERM", "SIGTERM", SIGTERM);
  }
}

async function nextTick(): Promise<void> {
  await new Promise<void>((resolve) => process.nextTick(resolve));
}

describe("A termination signal", () => {
  let app: FakeProcess;
  let listeners: SignalListeners;
  let calls: string[];
  const onApp = (): void => void calls.push(`app of ${app.listenerCount("SIGTERM")}`);

  beforeEach(() => {
    app = new FakeProcess();
    calls = [];
    listeners = watchSignals({
      process: app,
      signals: ["SIGTERM"],
      listeners: new ProcessListenerWatch(app),
      onSignal: () => calls.push("onSignal"),
      beforeKill: () => calls.push("beforeKill"),
    });
  });

  it("has no listener without unsent telemetry", () => {
    assert.equal(app.listenerCount("SIGTERM"), 0);
    listeners.setNeeded(true);
    assert.equal(app.listenerCount("SIGTERM"), 1);
    listeners.setNeeded(false);
    assert.equal(app.listenerCount("SIGTERM"), 0);
  });

  it("flushes and then kills the process if the app has no listener", () => {
    listeners.setNeeded(true);
    app.receive();
    assert.deepEqual(calls, ["beforeKill"]);
    assert.deepEqual(app.killed, [[app.pid, "SIGTERM"]]);
    assert.equal(app.listenerCount("SIGTERM"), 0);
  });

  for (const needed of [true, false]) {
    it(`is left to the app's listener, which is alone while it runs, ${needed ? "with" : "without"} unsent telemetry`, async () => {
      listeners.setNeeded(needed);
      app.on("SIGTERM", onApp);
      app.receive();
      assert.deepEqual(calls, ["onSignal", "app of 1"]);
      assert.deepEqual(app.killed, []);
      await nextTick();
      assert.equal(app.listenerCount("SIGTERM"), 2);
      app.receive();
      assert.equal(calls.length, 4);
    });
  }

  it("is left to an app's listener that ran once before", async () => {
    listeners.setNeeded(true);
    app.prependOnceListener("SIGTERM", onApp);
    app.receive();
    assert.deepEqual(calls.slice(1), ["onSignal"]);
    assert.deepEqual(app.killed, []);
    await nextTick();
    assert.equal(app.listenerCount("SIGTERM"), 1);
  });

  it("kills no process if the app emits it as an event", () => {
    listeners.setNeeded(true);
    app.emit("SIGTERM");
    assert.deepEqual(calls, ["onSignal"]);
    assert.deepEqual(app.killed, []);
  });

  it("loses its listener with the app's last one if nothing is unsent", () => {
    app.on("SIGTERM", onApp);
    assert.equal(app.listenerCount("SIGTERM"), 2);
    app.off("SIGTERM", onApp);
    assert.equal(app.listenerCount("SIGTERM"), 0);
  });

  it("keeps its listener after removeAllListeners while telemetry is unsent", () => {
    listeners.setNeeded(true);
    app.on("SIGTERM", onApp);
    app.removeAllListeners("SIGTERM");
    assert.equal(app.listenerCount("SIGTERM"), 1);
    app.receive();
    assert.deepEqual(calls, ["onSignal"]);
  });

  describe("that the process sends to itself", () => {
    for (const [title, pid] of [
      ["its pid", 4711],
      ["its process group", 0],
      ["the group that it leads", -4711],
    ] as const) {
      it(`by ${title} flushes first and has the default action`, () => {
        listeners.setNeeded(true);
        assert.equal(app._kill(pid, SIGTERM), 0);
        assert.deepEqual(calls, ["beforeKill"]);
        assert.deepEqual(app.killed, [[pid, SIGTERM, 0]]);
        assert.equal(app.listenerCount("SIGTERM"), 1);
      });
    }

    it("is left to the app's listener", () => {
      listeners.setNeeded(true);
      app.on("SIGTERM", onApp);
      app._kill(app.pid, SIGTERM);
      assert.deepEqual([calls, app.killed], [[], [[app.pid, SIGTERM, 2]]]);
    });

    it("is passed through for another process or another signal", () => {
      listeners.setNeeded(true);
      app._kill(1, SIGTERM);
      app._kill(app.pid, 0);
      assert.deepEqual(calls, []);
      assert.deepEqual(app.killed, [
        [1, SIGTERM, 1],
        [app.pid, 0, 1],
      ]);
    });
  });
});
