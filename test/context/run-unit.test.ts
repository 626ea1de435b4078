import assert from "node:assert/strict";
import { type Context, ROOT_CONTEXT } from "../../src/context/context.ts";
import { activeContext } from "../../src/context/manager.ts";
import type { UnitFailure, UnitOfWorkHandle } from "../../src/context/messaging.ts";
import { runUnitOfWork } from "../../src/context/run-unit.ts";
import { pollUntilTrue } from "../until.ts";

class TestUnit implements UnitOfWorkHandle {
  readonly context: Context = ROOT_CONTEXT.copy();
  /** Failures and the end, in order. */
  readonly calls: unknown[] = [];

  fail({ error, type }: UnitFailure): void {
    this.calls.push(error ?? type);
  }

  end(): void {
    this.calls.push("end");
  }
}

const error = new Error("closed");

function fail(): never {
  throw error;
}

/** Waits for the end, which may be in an immediate that does not keep the process alive. */
async function endOf(unit: TestUnit): Promise<void> {
  await pollUntilTrue(() => unit.calls.includes("end"), "the end of the unit");
}

function objectWith(key: string, value: unknown): object {
  return { [key]: value };
}

/** Thenables and other values that the app's code may return. */
const thenable = objectWith("then", (resolve: (value: number) => void) =>
  resolve(1),
) as PromiseLike<number>;

describe("Code that runs as a unit of work", () => {
  let unit: TestUnit;
  beforeEach(() => {
    unit = new TestUnit();
  });

  it("runs in its context, which is not active afterwards", () => {
    assert.equal(runUnitOfWork(unit, activeContext), unit.context);
    assert.equal(activeContext(), ROOT_CONTEXT);
  });

  for (const value of [1, "text", undefined, null, {}, () => {}, thenable]) {
    it(`returns ${typeof value} unchanged, and ends the unit at once`, () => {
      assert.equal(
        runUnitOfWork(unit, () => value),
        value,
      );
      assert.deepEqual(unit.calls, ["end"]);
    });
  }

  it("returns a promise of the same value, and ends the unit after it", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const result = runUnitOfWork(unit, () => promise);
    assert.deepEqual(unit.calls, []);
    resolve(1);
    assert.equal(await result, 1);
    assert.deepEqual(unit.calls, ["end"]);
  });

  it("rejects with the same error, fails the unit, and ends it later", async () => {
    await assert.rejects(
      runUnitOfWork(unit, () => Promise.reject(error)),
      (rejected) => rejected === error,
    );
    assert.deepEqual(unit.calls, [error]);
    await endOf(unit);
    assert.deepEqual(unit.calls, [error, "end"]);
  });

  it("throws the same error, and fails the unit without reading it", async () => {
    assert.throws(
      () => runUnitOfWork(unit, fail),
      (thrown) => thrown === error,
    );
    assert.deepEqual(unit.calls, ["_OTHER"]);
    await endOf(unit);
    assert.deepEqual(unit.calls, ["_OTHER", "end"]);
  });

  for (const caller of ["catches", "awaits"] as const) {
    it(`fails and ends the unit at once when it throws to a caller that ${caller}`, () => {
      assert.throws(
        () => runUnitOfWork(unit, fail, { caller }),
        (thrown) => thrown === error,
      );
      assert.deepEqual(unit.calls, [error, "end"]);
    });
  }

  it("ends the unit with any thenable for a caller that awaits", async () => {
    const result = runUnitOfWork(unit, () => thenable, { caller: "awaits" });
    assert.deepEqual(unit.calls, []);
    assert.equal(await result, 1);
    assert.deepEqual(unit.calls, ["end"]);
  });

  it("ends the unit before it rejects to a caller that awaits", async () => {
    await assert.rejects(
      runUnitOfWork(unit, () => Promise.reject(error), { caller: "awaits" }),
      (rejected) => rejected === error,
    );
    assert.deepEqual(unit.calls, [error, "end"]);
  });

  it("doesn't fail the unit with an error that is no failure", async () => {
    await assert.rejects(
      runUnitOfWork(unit, () => Promise.reject(error), { failureOf: () => undefined }),
    );
    await endOf(unit);
    assert.deepEqual(unit.calls, ["end"]);
  });

  it("fails the unit as the library reports it", async () => {
    const failureOf = (): UnitFailure => ({ error: undefined, type: "timeout" });
    await assert.rejects(runUnitOfWork(unit, () => Promise.reject(error), { failureOf }));
    await endOf(unit);
    assert.deepEqual(unit.calls, ["timeout", "end"]);
  });
});
