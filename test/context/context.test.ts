import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { createContextKey, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { suppressTracing, isTracingSuppressed } from "@opentelemetry/core";
import { Context, holderIn, isSuppressed, ROOT, spanIn } from "../../src/context/context.ts";
import { Holder } from "../../src/context/holder.ts";
import {
  activeContext,
  activeHolder,
  activeSpan,
  callIn,
  runIn,
  runSuppressed,
  StorageContextManager,
} from "../../src/context/manager.ts";
import { CarrierSpan } from "../../src/traces/carrier-span.ts";

const span = new CarrierSpan({ traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 });

describe("A context", () => {
  it("keeps values of any key and leaves the one it was made from alone", () => {
    const a = createContextKey("a");
    const b = createContextKey("b");
    const first = ROOT.setValue(a, 1);
    const second = first.setValue(b, 2).setValue(a, 3);
    assert.deepEqual([first.getValue(a), first.getValue(b)], [1, undefined]);
    assert.deepEqual([second.getValue(a), second.getValue(b)], [3, 2]);
    assert.equal(second.deleteValue(a).getValue(a), undefined);
  });

  it("carries the span that the API sets, and the API finds ours", () => {
    assert.equal(spanIn(trace.setSpan(ROOT, span)), span);
    assert.equal(trace.getSpan(ROOT.withSpan(span)), span);
    assert.equal(spanIn(trace.setSpan(ROOT_CONTEXT, span)), span);
    assert.equal(spanIn(trace.deleteSpan(ROOT.withSpan(span))), undefined);
  });

  it("is suppressed by the SDK's own function, and the SDK sees ours", () => {
    assert.equal(isSuppressed(suppressTracing(ROOT)), true);
    assert.equal(isTracingSuppressed(ROOT), false);
    runSuppressed(() => assert.equal(isTracingSuppressed(activeContext()), true));
  });

  it("carries the holder along with whatever is set", () => {
    const holder = new Holder();
    const context = new Context(undefined, holder, false, undefined);
    assert.equal(holderIn(trace.setSpan(context, span)), holder);
    assert.equal(holderIn(context.setValue(createContextKey("x"), 1)), holder);
  });
});

function add(this: { base: number }, a: number, b: number): number {
  assert.equal(activeSpan(), span);
  return this.base + a + b;
}

describe("The context manager", () => {
  const manager = new StorageContextManager();
  const inside = ROOT.withSpan(span).withHolder(new Holder());

  it("is at the root outside of all work", () => {
    assert.equal(manager.active(), ROOT);
    assert.equal(activeHolder(), undefined);
  });

  it("passes this, arguments and the result", () => {
    const self = { base: 1 };
    assert.equal(manager.with(inside, add, self, 2, 3), 6);
    assert.equal(callIn(inside, add, self, [2, 3]), 6);
  });

  it("follows promises, timers and ticks", async () => {
    await runIn(inside, async () => {
      await Promise.resolve();
      assert.equal(activeContext(), inside);
      await new Promise((resolve) => setTimeout(resolve, 1));
      assert.equal(activeContext(), inside);
      await new Promise<void>((resolve) => process.nextTick(resolve));
      assert.equal(activeContext(), inside);
    });
    assert.equal(activeContext(), ROOT);
  });

  it("lets an exception through and restores the context", () => {
    assert.throws(
      () =>
        runIn(inside, () => {
          throw new Error("through");
        }),
      /through/,
    );
    assert.equal(activeContext(), ROOT);
  });

  it("binds functions and keeps their length", () => {
    const bound = manager.bind(inside, (_a: unknown, _b: unknown) => activeContext());
    assert.equal(bound.length, 2);
    assert.equal(bound(1, 2), inside);
  });

  it("binds emitters: listeners run in the context, once runs once, removal works", () => {
    const emitter = manager.bind(inside, new EventEmitter());
    const seen: unknown[] = [];
    const listener = (): unknown => seen.push(activeContext());
    emitter.on("x", listener);
    emitter.once("x", () => seen.push(activeContext()));
    emitter.emit("x");
    emitter.removeListener("x", listener);
    emitter.emit("x");
    assert.deepEqual(seen, [inside, inside]);
  });
});
