import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { createContextKey, ROOT_CONTEXT as API_ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { suppressTracing, isTracingSuppressed as isSuppressedByApi } from "@opentelemetry/core";
import {
  Context,
  unitOfWorkIn,
  isTracingSuppressed,
  ROOT_CONTEXT,
  spanIn,
} from "../../src/context/context.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";
import {
  activeContext,
  activeUnitOfWork,
  activeSpan,
  callWithContext,
  runWithContext,
  runSuppressed,
  StorageContextManager,
} from "../../src/context/manager.ts";
import { NonRecordingSpan } from "../../src/traces/non-recording-span.ts";

const span = new NonRecordingSpan({
  traceId: "1".repeat(32),
  spanId: "2".repeat(16),
  traceFlags: 1,
});

describe("A context", () => {
  it("has values of any key, and does not change the one it was derived from", () => {
    const a = createContextKey("a");
    const b = createContextKey("b");
    const first = ROOT_CONTEXT.setValue(a, 1);
    const second = first.setValue(b, 2).setValue(a, 3);
    assert.deepEqual([first.getValue(a), first.getValue(b)], [1, undefined]);
    assert.deepEqual([second.getValue(a), second.getValue(b)], [3, 2]);
    assert.equal(second.deleteValue(a).getValue(a), undefined);
  });

  it("has the span that the API sets, and the API finds that of telltale", () => {
    assert.equal(spanIn(trace.setSpan(ROOT_CONTEXT, span)), span);
    assert.equal(trace.getSpan(ROOT_CONTEXT.withSpan(span)), span);
    assert.equal(spanIn(trace.setSpan(API_ROOT_CONTEXT, span)), span);
    assert.equal(spanIn(trace.deleteSpan(ROOT_CONTEXT.withSpan(span))), undefined);
  });

  it("is suppressed by the SDK's own function, and the SDK detects that of telltale", () => {
    assert.equal(isTracingSuppressed(suppressTracing(ROOT_CONTEXT)), true);
    assert.equal(isSuppressedByApi(ROOT_CONTEXT), false);
    runSuppressed(() => assert.equal(isSuppressedByApi(activeContext()), true));
  });

  it("has the unit of work, whatever is set", () => {
    const unit = new UnitOfWork();
    const context = new Context(undefined, unit, false, undefined);
    assert.equal(unitOfWorkIn(trace.setSpan(context, span)), unit);
    assert.equal(unitOfWorkIn(context.setValue(createContextKey("x"), 1)), unit);
  });
});

function add(this: { base: number }, a: number, b: number): number {
  assert.equal(activeSpan(), span);
  return this.base + a + b;
}

describe("The context manager", () => {
  const manager = new StorageContextManager();
  const requestContext = ROOT_CONTEXT.withSpan(span).withUnitOfWork(new UnitOfWork());

  it("is at the root outside of any unit of work", () => {
    assert.equal(manager.active(), ROOT_CONTEXT);
    assert.equal(activeUnitOfWork(), undefined);
  });

  it("passes this, arguments and the result", () => {
    const self = { base: 1 };
    assert.equal(manager.with(requestContext, add, self, 2, 3), 6);
    assert.equal(callWithContext(requestContext, add, self, [2, 3]), 6);
  });

  it("follows promises, timers and ticks", async () => {
    await runWithContext(requestContext, async () => {
      await Promise.resolve();
      assert.equal(activeContext(), requestContext);
      await new Promise((resolve) => setTimeout(resolve, 1));
      assert.equal(activeContext(), requestContext);
      await new Promise<void>((resolve) => process.nextTick(resolve));
      assert.equal(activeContext(), requestContext);
    });
    assert.equal(activeContext(), ROOT_CONTEXT);
  });

  it("passes an exception on and restores the context", () => {
    assert.throws(
      () =>
        runWithContext(requestContext, () => {
          throw new Error("through");
        }),
      /through/,
    );
    assert.equal(activeContext(), ROOT_CONTEXT);
  });

  it("binds functions and keeps their length", () => {
    const bound = manager.bind(requestContext, (_a: unknown, _b: unknown) => activeContext());
    assert.equal(bound.length, 2);
    assert.equal(bound(1, 2), requestContext);
  });

  it("binds emitters: listeners run in the context, once runs once, removal works", () => {
    const emitter = manager.bind(requestContext, new EventEmitter());
    const calls: unknown[] = [];
    const listener = (): unknown => calls.push(activeContext());
    emitter.on("x", listener);
    emitter.once("x", () => calls.push(activeContext()));
    emitter.emit("x");
    emitter.removeListener("x", listener);
    emitter.emit("x");
    assert.deepEqual(calls, [requestContext, requestContext]);
  });
});
