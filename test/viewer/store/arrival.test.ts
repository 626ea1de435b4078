import assert from "node:assert/strict";
import * as fc from "fast-check";
import { openStore, type TelemetryStore } from "../../../src/viewer/store/telemetry-store.ts";
import { logsOf, spanId, type TestSpan, TRACE, tracesOf } from "./otlp-builder.ts";

const kinds = ["internal", "server", "client", "consumer"] as const;

/**
 * A tree of spans over several services; each parent is one of the spans before, or, as hostile
 * ids may be, any span: some form circles.
 */
const trees: fc.Arbitrary<TestSpan[]> = fc
  .array(
    fc.record({
      parent: fc.nat(),
      kind: fc.constantFrom(...kinds),
      service: fc.constantFrom("shop", "prices"),
      start: fc.nat(100),
      ms: fc.nat(50),
      fails: fc.boolean(),
      isMissing: fc.boolean(),
      isAny: fc.integer({ min: 0, max: 7 }).map((one) => one === 0),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((rows) =>
    rows.map(({ parent, kind, service, start, ms, fails, isMissing, isAny }, index): TestSpan => ({
      ...{ span: `s${index}`, kind, service, start, end: start + ms },
      ...(index > 0 && { parent: isMissing && index % 5 === 0 ? "gone" : `s${parent % index}` }),
      ...(isAny && { parent: `s${parent % rows.length}` }),
      ...(fails && { failed: "no" }),
      ...(kind === "client" && {
        attributes: { "db.system.name": "postgresql", "db.query.text": "SELECT 1" },
      }),
    })),
  );

describe("Spans that arrive in any order", () => {
  function memoryStore(): TelemetryStore {
    return openStore({ projectFolder: "", history: undefined });
  }

  it("are the same units of work, in batches of any size, written in between or not", () => {
    fc.assert(
      fc.property(trees, fc.array(fc.nat()), fc.integer({ min: 1, max: 6 }), fc.boolean(), check),
      { numRuns: 300 },
    );
  });

  function check(
    tree: readonly TestSpan[],
    order: readonly number[],
    size: number,
    isWritten: boolean,
  ): void {
    const [expected, actual] = [memoryStore(), memoryStore()];
    const logs = tree.map(({ span }) => ({ body: span, span, trace: TRACE }));
    expected.add("traces", tracesOf(...tree));
    expected.add("logs", logsOf(...logs));
    const shuffled = tree
      .map((span, index) => ({ span, rank: order[index] ?? 0 }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ span }) => span);
    actual.add("logs", logsOf(...logs));
    for (let from = 0; from < shuffled.length; from += size) {
      actual.add("traces", tracesOf(...shuffled.slice(from, from + size)));
      if (isWritten) actual.flush();
      else actual.refresh();
    }
    for (const store of [expected, actual]) store.settle();
    const query = { limit: 1000, noise: true };
    const byId = new Map(expected.units(query).items.map((unit) => [unit.id, unit]));
    assert.deepEqual(new Map(actual.units(query).items.map((unit) => [unit.id, unit])), byId);
    const shown = new Set<string>();
    for (const id of byId.keys()) {
      const [one, other] = [expected.unit(id), actual.unit(id)];
      assert.deepEqual(other?.spans, one?.spans);
      assert.deepEqual(other?.summary, byId.get(id));
      for (const span of one?.spans ?? []) shown.add(span.spanId);
    }
    // Each span is in a unit of work.
    assert.equal(shown.size, tree.length);
    for (const store of [expected, actual]) store.close();
  }
});

describe("A trace with very many spans", () => {
  it("is whole, and its answer is bounded", () => {
    const store = openStore({ projectFolder: "", history: undefined });
    const children = Array.from({ length: 6000 }, (_, index): TestSpan => ({
      ...{ span: `c${index}`, parent: "root", start: index, end: index + 1 },
      ...(index === 5999 && { failed: "no" }),
    }));
    for (let from = 0; from < children.length; from += 500) {
      store.add("traces", tracesOf(...children.slice(from, from + 500)));
      store.flush();
    }
    store.add("traces", tracesOf({ span: "root", kind: "server", end: 7000 }));
    const detail = store.unit(TRACE);
    assert.equal(detail?.summary.counts.spans, 6001);
    assert.equal(detail.spans.length, 5000);
    assert.equal(detail.omittedSpans, 1001);
    assert.ok(detail.spans.some((span) => span.spanId === spanId("c5999")));
    store.close();
  });

  it("may be a chain that is thousands of spans deep", () => {
    const store = openStore({ projectFolder: "", history: undefined });
    const chain = Array.from({ length: 5000 }, (_, index): TestSpan => ({
      ...{ span: `c${index}`, ...(index > 0 && { parent: `c${index - 1}` }) },
      ...(index === 0 && { kind: "server" as const }),
    }));
    store.add("traces", tracesOf(...chain.toReversed()));
    assert.equal(store.unit(TRACE)?.spans.at(-1)?.depth, 4999);
    store.close();
  });

  it("has all its requests, if a load test sends one trace id with each", () => {
    const store = openStore({ projectFolder: "", history: undefined });
    const count = 12_000;
    for (let from = 0; from < count; from += 1000) {
      const spans = Array.from({ length: 1000 }, (_, index): TestSpan => {
        const name = (from + index).toString(36);
        return { span: name, parent: "remote", kind: "server", start: from + index };
      });
      store.add("traces", tracesOf(...spans));
      store.flush();
    }
    assert.equal(store.units({ limit: 1 }).total, count);
    const [last] = store.units({ limit: 1 }).items;
    assert.equal(store.unit(last?.id ?? "")?.spans.length, 1);
    store.close();
  });
});
