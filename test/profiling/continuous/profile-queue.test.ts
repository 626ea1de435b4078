import assert from "node:assert/strict";
import { SignalCounters } from "../../../src/diagnostics/telemetry-counters.ts";
import type { ProfileFile } from "../../../src/profiling/continuous/profile-file.ts";
import { ProfileQueue } from "../../../src/profiling/continuous/profile-queue.ts";
import type { Delivery, ProfileSink } from "../../../src/profiling/continuous/profile-sink.ts";

/** A receiver that answers at a call. */
class Sink implements ProfileSink {
  readonly names: string[] = [];
  readonly atExit: string[] = [];
  isFullyWritten = false;
  #answer: (delivery: Delivery) => void = () => {};

  deliver({ name }: ProfileFile): Promise<Delivery> {
    this.names.push(name);
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  async answer(delivery: Delivery): Promise<void> {
    this.#answer(delivery);
    await new Promise((resolve) => setImmediate(resolve));
  }

  cancel(): boolean {
    if (!this.isFullyWritten) this.#answer({ status: "cancelled" });
    return this.isFullyWritten;
  }

  deliverAtExit(
    file: () => ProfileFile | undefined,
    onResult: (isSent: boolean) => void,
  ): undefined {
    const found = file();
    if (found === undefined) return;
    this.atExit.push(found.name);
    onResult(found.name !== "lost");
  }
}

function file(name: string): ProfileFile {
  return { kind: "cpu", name, content: new Uint8Array(), startMs: 0, endMs: 1 };
}

describe("The queue of profiles", () => {
  let sink: Sink;
  let counters: SignalCounters;
  let queue: ProfileQueue;
  beforeEach(() => {
    sink = new Sink();
    counters = new SignalCounters();
    queue = new ProfileQueue(sink, counters);
  });

  function add(...names: readonly string[]): void {
    counters.created += names.length;
    for (const name of names) queue.add(file(name));
  }

  function counts(): object {
    const { created, sent, queued, dropped } = counters;
    const reasons = Object.entries(dropped).filter(([, count]) => count > 0);
    return { created, sent, queued, dropped: Object.fromEntries(reasons) };
  }

  it("delivers one after the other, and counts what was sent, refused and lost", async () => {
    add("a", "b", "c");
    assert.deepEqual(sink.names, ["a"]);
    assert.deepEqual(counts(), { created: 3, sent: 0, queued: 3, dropped: {} });
    await sink.answer({ status: "sent" });
    await sink.answer({ status: "rejected" });
    await sink.answer({ status: "failed" });
    await queue.sent();
    assert.deepEqual(sink.names, ["a", "b", "c"]);
    assert.deepEqual(counts(), {
      ...{ created: 3, sent: 1, queued: 0 },
      dropped: { rejected: 1, failed: 1 },
    });
    assert.ok(queue.isEmpty);
  });

  it("drops the oldest one that is not on its way for a new one", async () => {
    add(...Array.from({ length: 10 }, (_, at) => String(at)));
    for (let at = 0; at < 8; at++) await sink.answer({ status: "sent" });
    assert.deepEqual(sink.names, ["0", "3", "4", "5", "6", "7", "8", "9"]);
    assert.deepEqual(counts(), { created: 10, sent: 8, queued: 0, dropped: { queue_full: 2 } });
  });

  it("delivers at the end of the process what the receiver does not have, once", async () => {
    add("a", "lost", "c");
    assert.deepEqual(queue.drainForExit(), []);
    await queue.sent();
    assert.deepEqual([sink.names, sink.atExit], [["a"], ["a", "lost", "c"]]);
    assert.deepEqual(counts(), { created: 3, sent: 2, queued: 0, dropped: { shutdown: 1 } });
  });

  it("leaves one that the receiver has in whole, of which the answer is not known", () => {
    sink.isFullyWritten = true;
    add("a", "b");
    queue.drainForExit();
    assert.deepEqual(sink.atExit, ["b"]);
    assert.deepEqual(counts(), { created: 2, sent: 1, queued: 1, dropped: {} });
  });
});
