import assert from "node:assert/strict";
import { now } from "../../src/clock.ts";
import type { WatchedUnit } from "../../src/context/unit-views.ts";
import { WorkTimeline } from "../../src/profiling/work-timeline.ts";
import { NonRecordingSpan } from "../../src/traces/non-recording-span.ts";

/** A request whose route is known at its end. */
class Unit implements WatchedUnit {
  readonly method = "GET";
  readonly callTimes = undefined;
  readonly span: NonRecordingSpan;
  #route: string | undefined;
  readonly #endListeners: (() => void)[] = [];

  constructor(spanId: string) {
    this.span = new NonRecordingSpan({ traceId: "1".repeat(32), spanId, traceFlags: 1 });
  }

  currentRoute(): string | undefined {
    return this.#route;
  }

  redactedPath(): undefined {}

  jobInfo(): undefined {}

  onEnded(listener: () => void): void {
    this.#endListeners.push(listener);
  }

  end(route: string): void {
    this.#route = route;
    for (const listener of this.#endListeners) listener();
  }
}

/** Returns the current time, which no later one equals. */
function tick(): number {
  const at = now();
  while (now() === at);
  return at;
}

describe("The timeline of work in flight", () => {
  it("knows the work of a time only while it is alone in flight", () => {
    const timeline = new WorkTimeline();
    const [first, second] = [new Unit("a".repeat(16)), new Unit("b".repeat(16))];
    timeline.started(first);
    tick();
    timeline.start();
    const alone = tick();
    timeline.started(second);
    const together = tick();
    first.end("/first/:id");
    const left = tick();
    second.end("/second");
    const none = tick();
    const work = timeline.stop();
    assert.deepEqual(
      [alone, together, left, none].map((at) => work.at(at)?.name),
      ["GET /first/:id", undefined, "GET /second", undefined],
    );
  });

  it("has the ids of work that is still in flight at the end, and its name as far as it is known", () => {
    const timeline = new WorkTimeline();
    timeline.start();
    timeline.started(new Unit("a".repeat(16)));
    const at = tick();
    const { traceId, spanId, name } = timeline.stop().at(at)!;
    assert.deepEqual([traceId, spanId, name], ["1".repeat(32), "a".repeat(16), "GET"]);
  });

  it("keeps nothing while nothing is recorded", () => {
    const timeline = new WorkTimeline();
    const unit = new Unit("a".repeat(16));
    timeline.started(unit);
    const at = tick();
    unit.end("/");
    timeline.start();
    assert.equal(timeline.stop().at(at), undefined);
  });
});
