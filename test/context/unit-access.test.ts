import assert from "node:assert/strict";
import { inspect } from "node:util";
import { AlwaysOffSampler } from "@opentelemetry/sdk-trace";
import { ROOT_CONTEXT } from "../../src/context/context.ts";
import { runWithContext } from "../../src/context/manager.ts";
import {
  activeErrorSlot,
  activeRouteRecorder,
  activeRpcRecorder,
  contextOfUnit,
  errorSlotIn,
  keepActiveTrace,
  localTraceSlotIn,
  logIdsIn,
  routeRecorderIn,
  setOrganization,
  setRequestId,
} from "../../src/context/unit-access.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";
import { collectingProvider } from "../traces/provider.ts";
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

describe("setRequestId", () => {
  const rows: readonly (readonly [given: unknown, set: string])[] = [
    ["A-z_0.9~+/=:", "A-z_0.9~+/=:"],
    [42, "42"],
    ["x".repeat(128), "x".repeat(128)],
    ["x".repeat(129), "before"],
    ["", "before"],
    ["a b", "before"],
    ["a\r\nset-cookie: b", "before"],
    ['"', "before"],
    [null, "before"],
    [undefined, "before"],
    [{ id: 1 }, "before"],
    [Symbol("id"), "before"],
  ];
  for (const [given, set] of rows) {
    it(`of ${inspect(given)} leaves the id ${inspect(set)}`, () => {
      const unit = Object.assign(new UnitOfWork(), { requestId: "before" });
      const isSet = runWithContext(ROOT_CONTEXT.withUnitOfWork(unit), () => setRequestId(given));
      assert.equal(unit.requestId, set);
      assert.equal(isSet, set !== "before");
    });
  }

  it("sets nothing outside of a unit of work", () => {
    assert.equal(setRequestId("id"), true);
  });
});

describe("keepActiveTrace", () => {
  const unsampled = { sampler: new AlwaysOffSampler(), probability: 0 };

  it("exports the ended, the running and the later spans of a trace that head sampling dropped", () => {
    const { provider, exported, counters } = collectingProvider(unsampled);
    const tracer = provider.getTracer("t");
    const root = tracer.startSpan("root");
    const context = ROOT_CONTEXT.withSpan(root);
    tracer.startSpan("ended", {}, context).end();
    const running = tracer.startSpan("running", {}, context);
    runWithContext(context, keepActiveTrace);
    root.end();
    running.end();
    tracer.startSpan("late", {}, context).end();
    assert.deepEqual(
      exported.map(({ name }) => name),
      ["ended", "root", "running", "late"],
    );
    assert.deepEqual(counters, { created: 4, unsampled: 0, buffer_full: 0 });
    assert.deepEqual(exported[1]?.attributes, {
      "telltale.sampling.reason": "forced",
      "telltale.sampling.probability": 0,
    });
  });

  it("exports a trace whose root has ended", () => {
    const { provider, exported } = collectingProvider(unsampled);
    const root = provider.getTracer("t").startSpan("root");
    root.end();
    runWithContext(ROOT_CONTEXT.withSpan(root), keepActiveTrace);
    assert.equal(exported[0]?.attributes["telltale.sampling.reason"], "forced");
  });

  it("does not replace the reason of a sampled trace", () => {
    const { provider, exported } = collectingProvider({ probability: 0.5 });
    const root = provider.getTracer("t").startSpan("root");
    runWithContext(ROOT_CONTEXT.withSpan(root), keepActiveTrace);
    root.end();
    assert.equal(exported[0]?.attributes["telltale.sampling.reason"], "sampled");
  });

  it("keeps the trace of the unit of work where no span of it is active", () => {
    const reasons: string[] = [];
    const unit = new UnitOfWork();
    unit.localTrace = {
      kept: false,
      hasFailedSpan: false,
      droppedSpans: 0,
      keep: (reason) => void reasons.push(reason),
    };
    runWithContext(ROOT_CONTEXT.withUnitOfWork(unit), keepActiveTrace);
    assert.deepEqual(reasons, ["forced"]);
  });

  it("does nothing outside of a trace", () => {
    assert.doesNotThrow(keepActiveTrace);
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
