import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { setImmediate as immediate } from "node:timers/promises";
import type { Context as ApiContext } from "@opentelemetry/api";
import { type Context, ROOT_CONTEXT } from "../../src/context/context.ts";
import { activeContext, runWithContext } from "../../src/context/manager.ts";
import { contextWithIds, runIsolated } from "../../src/context/isolated-part.ts";
import { idSlotIn, logIdsIn, setOrganization, setUserId } from "../../src/context/unit-access.ts";
import type { LogIds } from "../../src/context/unit-views.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";
import { collectingProvider } from "../traces/provider.ts";

function inUnit<R>(work: (unit: UnitOfWork) => R): R {
  const unit = Object.assign(new UnitOfWork(), { requestId: "request-1" });
  return runWithContext(ROOT_CONTEXT.withUnitOfWork(unit), () => work(unit));
}

function activeLogIds(): LogIds | undefined {
  return logIdsIn(activeContext());
}

function activeUser(): string | undefined {
  return activeLogIds()?.userId;
}

function activeIds(): unknown[] {
  const { requestId, userId, organizationId } = activeLogIds() ?? {};
  return [requestId, userId, organizationId];
}

describe("An isolated part", () => {
  it("has the ids of its unit until it gets its own", () => {
    inUnit(() => {
      setUserId("anna");
      setOrganization(7);
      runIsolated(false, () => {
        assert.deepEqual(activeIds(), ["request-1", "anna", "7"]);
        setUserId("ben");
        setOrganization("acme");
        assert.deepEqual(activeIds(), ["request-1", "ben", "acme"]);
        setUserId(null);
        assert.deepEqual(activeIds(), ["request-1", undefined, "acme"]);
      });
      assert.deepEqual(activeIds(), ["request-1", "anna", "7"]);
    });
  });

  it("keeps its ids apart from those of another one, whatever the order of their work", async () => {
    await inUnit(async (unit) => {
      const seen = await Promise.all(
        ["a", "b", "c"].map((name) =>
          runIsolated(false, async () => {
            setUserId(name);
            await immediate();
            setOrganization(name);
            await new Promise((resolve) => process.nextTick(resolve));
            const inCallback = await new Promise((resolve) => {
              const emitter = new EventEmitter().once("end", () => resolve(activeUser()));
              setTimeout(() => emitter.emit("end"), 1);
            });
            return [inCallback, ...activeIds()];
          }),
        ),
      );
      const expected = ["a", "b", "c"].map((name) => [name, "request-1", name, name]);
      assert.deepEqual(seen, expected);
      assert.deepEqual([unit.userId, unit.organizationId], [undefined, undefined]);
    });
  });

  it("may be within another one", () => {
    inUnit(() => {
      runIsolated(false, () => {
        setUserId("outer");
        runIsolated(false, () => setUserId("inner"));
        assert.equal(activeUser(), "outer");
      });
    });
  });

  it("exists outside of units of work, too", () => {
    runIsolated(false, () => {
      setUserId("anna");
      setOrganization("acme");
      assert.deepEqual(activeIds(), [undefined, "anna", "acme"]);
    });
    assert.equal(activeLogIds(), undefined);
  });

  it("is not inherited by a unit that starts in it", () => {
    runIsolated(false, () => {
      setUserId("anna");
      const context = activeContext() as Context;
      runWithContext(context.withUnitOfWork(new UnitOfWork()), () => {
        assert.equal(activeUser(), undefined);
      });
    });
  });

  it("remains when another value or a span is set on its context", () => {
    runIsolated(false, () => {
      const ids = activeLogIds();
      const context = activeContext() as Context;
      const span = collectingProvider().provider.getTracer("test").startSpan("inner");
      const contexts: ApiContext[] = [
        context.withSpan(span),
        context.setValue(Symbol("any"), 1),
        context.copy(),
        wrapped(context),
      ];
      for (const one of contexts) assert.equal(idSlotIn(one), ids);
    });
  });

  it("can be entered again, and left for its unit", () => {
    inUnit((unit) => {
      const part = runIsolated(false, () => idSlotIn(activeContext()));
      assert.ok(part);
      const inside = contextWithIds(activeContext(), part);
      assert.equal(idSlotIn(inside), part);
      assert.equal(idSlotIn(contextWithIds(inside, unit)), unit);
    });
  });

  const rows = [
    ["keeps its events to itself", false, "before"],
    ["shares its events with its unit", true, "in the part"],
  ] as const;
  for (const [title, sharesEvents, expected] of rows) {
    it(title, () => {
      inUnit((unit) => {
        unit.errorEventId = "before";
        runIsolated(sharesEvents, () => {
          const ids = idSlotIn(activeContext());
          assert.ok(ids);
          assert.equal(ids.errorEventId, "before");
          ids.errorEventId = "in the part";
          assert.equal(activeLogIds()?.errorEventId, "in the part");
        });
        assert.equal(unit.errorEventId, expected);
      });
    });
  }
});

/** A context of another implementation, which reads from `context`. */
function wrapped(context: ApiContext): ApiContext {
  const other: ApiContext = {
    getValue: (key) => context.getValue(key),
    setValue: () => other,
    deleteValue: () => other,
  };
  return other;
}

describe("The user of a unit's span", () => {
  const users = (...names: (string | null)[]) => {
    for (const name of names) runIsolated(false, () => setUserId(name));
  };
  const rows: readonly (readonly [string, () => void, string | undefined])[] = [
    ["is that of the unit", () => setUserId("anna"), "anna"],
    ["is that of its parts, if they have the same", () => users("ben", "ben", null), "ben"],
    ["is unknown, if its parts have several", () => users("ben", "carl", "ben"), undefined],
    [
      "is that of the unit, whatever users its parts have",
      () => {
        users("ben", "carl");
        setUserId("anna");
        users("dora");
      },
      "anna",
    ],
    ["is unknown without one", () => users(null), undefined],
  ];
  for (const [title, act, expected] of rows) {
    it(title, () => {
      const user = inUnit((unit) => {
        act();
        return unit.userOfSpan();
      });
      assert.equal(user, expected);
    });
  }

  it("and its organization follow the same rules", () => {
    inUnit((unit) => {
      runIsolated(false, () => setOrganization(1));
      assert.equal(unit.organizationOfSpan(), "1");
      runIsolated(false, () => setOrganization(2));
      assert.equal(unit.organizationOfSpan(), undefined);
      setOrganization(3);
      assert.equal(unit.organizationOfSpan(), "3");
    });
  });
});
