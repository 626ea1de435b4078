import assert from "node:assert/strict";
import { inspect } from "node:util";
import { ROOT_CONTEXT } from "../../src/context/context.ts";
import { runWithContext } from "../../src/context/manager.ts";
import {
  activeErrorSlot,
  activeLogIds,
  activeRouteRecorder,
  activeRpcRecorder,
  contextOfUnit,
  errorSlotIn,
  localTraceSlotIn,
  logIdsIn,
  routeRecorderIn,
  setOrganization,
} from "../../src/context/unit-access.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";
import type {
  ErrorSlot,
  LogIds,
  RouteRecorder,
  RpcRecorder,
} from "../../src/context/unit-views.ts";

describe("A view of a unit of work", () => {
  const unit = new UnitOfWork();
  const context = ROOT_CONTEXT.withUnitOfWork(unit);

  for (const [name, view] of Object.entries<() => unknown>({
    activeErrorSlot,
    activeLogIds,
    activeRouteRecorder,
    activeRpcRecorder,
  })) {
    it(`is the active unit itself from ${name}, and undefined outside of any`, () => {
      assert.equal(runWithContext(context, view), unit);
      assert.equal(view(), undefined);
    });
  }

  for (const [name, view] of Object.entries({
    errorSlotIn,
    localTraceSlotIn,
    logIdsIn,
    routeRecorderIn,
  })) {
    it(`is the unit of a context itself from ${name}`, () => {
      assert.equal(view(context), unit);
      assert.equal(view(ROOT_CONTEXT), undefined);
    });
  }

  it("leads back to a context with the unit", () => {
    assert.equal(contextOfUnit(unit).unit, unit);
  });
});

describe("setOrganization", () => {
  const rows: readonly (readonly [given: unknown, set: string | undefined])[] = [
    ["acme", "acme"],
    [42, "42"],
    ["", ""],
    [null, undefined],
    [undefined, undefined],
    [{ id: 1 }, undefined],
    [Symbol("acme"), undefined],
  ];
  for (const [given, set] of rows) {
    it(`of ${inspect(given)} sets ${inspect(set)}`, () => {
      const unit = Object.assign(new UnitOfWork(), { organizationId: "before" });
      runWithContext(ROOT_CONTEXT.withUnitOfWork(unit), () => setOrganization(given));
      assert.equal(unit.organizationId, set);
    });
  }

  it("does nothing outside of a unit of work", () => {
    assert.equal(setOrganization("acme"), undefined);
  });
});

/* Never called: `npm run types` fails as soon as one of these assignments compiles. */
void [writeAsFramework, writeAsRpc, writeAsLogger, writeAsErrors];

function writeAsFramework(recorder: RouteRecorder): void {
  // @ts-expect-error -- the status is HTTP's.
  recorder.statusCode = 200;
  // @ts-expect-error -- so is the end.
  recorder.ended = true;
  // @ts-expect-error -- the span is set once.
  recorder.span = undefined;
  // @ts-expect-error -- failures are recorded by `recordFailure`.
  recorder.failures = [];
  // @ts-expect-error -- the user is set by `setUser`.
  recorder.userId = "42";
}

function writeAsRpc(recorder: RpcRecorder): void {
  // @ts-expect-error -- read only here.
  recorder.statusCode = 200;
  // @ts-expect-error -- read only here.
  recorder.ended = true;
}

function writeAsLogger(ids: LogIds): void {
  // @ts-expect-error -- a line only reads.
  ids.requestId = "1";
  // @ts-expect-error -- a line only reads.
  ids.userId = "42";
  // @ts-expect-error -- no part of this view.
  ids.route = "/";
}

function writeAsErrors(slot: ErrorSlot): void {
  // @ts-expect-error -- read only here.
  slot.requestId = "1";
  // @ts-expect-error -- read only here.
  slot.error = new Error("mine");
  // @ts-expect-error -- no part of this view.
  slot.statusCode = 500;
}
