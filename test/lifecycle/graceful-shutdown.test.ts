import assert from "node:assert/strict";
import cluster from "node:cluster";
import { mock } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { createGracefulShutdown } from "../../src/lifecycle/graceful/graceful-shutdown.ts";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Monotonic times of SIGTERM, in milliseconds, and at how many of them the process ends. */
const rows: readonly {
  readonly title: string;
  readonly isWorker: boolean;
  readonly times: readonly number[];
  readonly endsAt: number;
}[] = [
  { title: "at the second one", isWorker: false, times: [0, 10], endsAt: 2 },
  {
    title: "not at the copy that a busy primary passes on",
    isWorker: true,
    times: [0, 2_000],
    endsAt: Infinity,
  },
  { title: "at one more than that copy", isWorker: true, times: [0, 10, 20], endsAt: 3 },
  {
    title: "at a second one that is too late for a copy",
    isWorker: true,
    times: [0, 60_000],
    endsAt: 2,
  },
];

describe("A process that shuts down gracefully ends at once", () => {
  const { isWorker: wasWorker } = cluster;
  let now = 0;
  beforeEach(() => {
    // No timer ends the test's own process.
    mock.timers.enable({ apis: ["setTimeout"] });
    mock.method(performance, "now", () => now);
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
    Object.assign(cluster, { isWorker: wasWorker });
  });

  for (const { title, isWorker, times, endsAt } of rows) {
    it(`${title}, as ${isWorker ? "a worker" : "no worker"} of a cluster`, async () => {
      Object.assign(cluster, { isWorker });
      const before = SIGNALS.map(listenersOf);
      let flushes = 0;
      createGracefulShutdown(
        { deadlineMs: 600_000, waitMs: 0, readiness: "keep" },
        {
          diagnostics: new Diagnostics("none", () => {}),
          flushTimeoutMs: 600_000,
          startDraining() {},
          inFlight: () => ({ requests: 0, jobs: 1 }),
          flush() {
            flushes++;
            return new Promise(() => {});
          },
        },
      );
      const added = SIGNALS.map((signal, at) =>
        listenersOf(signal).filter((listener) => !before[at]!.includes(listener)),
      );
      for (const [at, signal] of SIGNALS.entries())
        for (const listener of added[at]!) process.removeListener(signal, listener);
      const onSignal = added[0]![0]!;
      for (const [count, time] of times.entries()) {
        now = time;
        onSignal("SIGTERM");
        await turn();
        assert.equal(flushes > 0, count + 1 >= endsAt, `after ${count + 1} signals`);
      }
    });
  }
});

type Listener = (signal: NodeJS.Signals) => void;

function listenersOf(signal: NodeJS.Signals): Listener[] {
  return process.listeners(signal) as Listener[];
}
