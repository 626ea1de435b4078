import assert from "node:assert/strict";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import {
  addToTrail,
  BreadcrumbTrail,
  type LazyLogRecord,
  MAX_BREADCRUMBS,
  processTrail,
} from "../../src/context/breadcrumb-trail.ts";
import { ROOT_CONTEXT } from "../../src/context/context.ts";
import { runIsolated } from "../../src/context/isolated-part.ts";
import { activeContext, runWithContext } from "../../src/context/manager.ts";
import { logIdsIn } from "../../src/context/unit-access.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";

/** A line, which is never read. */
function line(name: string): LazyLogRecord {
  return { toRecord: () => ({ body: name }) as Partial<ReadableLogRecord> as ReadableLogRecord };
}

function add(name: string): void {
  addToTrail(logIdsIn(activeContext()), line(name));
}

function namesIn(trail: BreadcrumbTrail | undefined): unknown[] {
  return (trail?.items() ?? []).map((item) => "toRecord" in item && item.toRecord().body);
}

function activeNames(): unknown[] {
  return namesIn((logIdsIn(activeContext()) ?? processTrail).trail);
}

describe("The trail of an error", () => {
  beforeEach(() => {
    processTrail.trail = undefined;
  });

  for (const count of [0, 1, 99, 100, 101, 250]) {
    it(`has the newest of ${count} items, in their order`, () => {
      const trail = new BreadcrumbTrail();
      for (let at = 0; at < count; at++) trail.add(line(String(at)));
      const first = Math.max(0, count - MAX_BREADCRUMBS);
      const expected = Array.from({ length: count - first }, (_, at) => String(first + at));
      assert.deepEqual(namesIn(trail), expected);
      assert.deepEqual(namesIn(trail.copy()), expected);
    });
  }

  it("is that of the unit of work, or of the process", () => {
    const unit = new UnitOfWork();
    add("process");
    runWithContext(ROOT_CONTEXT.withUnitOfWork(unit), () => {
      add("unit");
      assert.deepEqual(activeNames(), ["unit"]);
    });
    assert.deepEqual(activeNames(), ["process"]);
  });

  for (const [place, context] of [
    ["a unit", ROOT_CONTEXT.withUnitOfWork(new UnitOfWork())],
    ["the process", ROOT_CONTEXT],
  ] as const) {
    it(`in an isolated part of ${place} begins with what was before, and stays in it`, () => {
      runWithContext(context, () => {
        add("before");
        const parts = ["a", "b"].map((name) =>
          runIsolated(false, () => {
            add(name);
            return activeNames();
          }),
        );
        assert.deepEqual(parts, [
          ["before", "a"],
          ["before", "b"],
        ]);
        add("after");
        assert.deepEqual(activeNames(), ["before", "after"]);
      });
    });

    it(`in a part of ${place} that shares its events is that of ${place}`, () => {
      runWithContext(context, () => {
        const earlier = activeNames();
        runIsolated(true, () => add("in the part"));
        assert.deepEqual(activeNames(), [...earlier, "in the part"]);
      });
    });
  }
});
