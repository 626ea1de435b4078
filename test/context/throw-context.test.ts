import assert from "node:assert/strict";
import { createContextKey } from "@opentelemetry/api";
import { type Context, ROOT_CONTEXT } from "../../src/context/context.ts";
import { activeContext, callWithContext, runInThrowContext } from "../../src/context/manager.ts";

const key = createContextKey("the name of the context");

function named(name: string): Context {
  return ROOT_CONTEXT.setValue(key, name);
}

function fail(): never {
  throw new Error("failed");
}

function throwIn(context: Context, work: () => unknown = fail): void {
  assert.throws(() => callWithContext(context, work, undefined, []), /failed/);
}

function nameOfThrowContext(): unknown {
  return runInThrowContext(activeContext).getValue(key);
}

describe("The context of a throw", () => {
  it("is the innermost one that the error has left", () => {
    throwIn(named("outer"), () => callWithContext(named("inner"), fail, undefined, []));
    assert.equal(nameOfThrowContext(), "inner");
  });

  it("is that of the second error, where two are thrown before the next microtask", () => {
    throwIn(named("first"));
    throwIn(named("second"), () => callWithContext(named("inner second"), fail, undefined, []));
    assert.equal(nameOfThrowContext(), "inner second");
  });

  it("is none after the next microtask", async () => {
    throwIn(named("first"));
    await Promise.resolve();
    assert.equal(nameOfThrowContext(), undefined);
  });
});
