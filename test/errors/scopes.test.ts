import assert from "node:assert/strict";
import { Scope } from "@sentry/core";
import type { Context } from "../../src/context/context.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";
import { activeContext, runWithContext } from "../../src/context/manager.ts";
import { forwardLastEventId } from "../../src/errors/last-event-id.ts";
import { logIdsIn } from "../../src/context/unit-access.ts";
import { asyncContextStrategy, withEventScope } from "../../src/errors/scopes.ts";

/** Runs `work` as a new request. */
function inRequest<R>(work: () => R, unit: UnitOfWork = new UnitOfWork()): R {
  return runWithContext((activeContext() as Context).withUnitOfWork(unit), work);
}

function isolationScope(): Scope {
  return asyncContextStrategy.getIsolationScope();
}

function tagsOf(scope: Scope): Record<string, unknown> {
  return scope.getScopeData().tags;
}

describe("Scopes", () => {
  it("of the process apply outside units of work", () => {
    assert.equal(
      asyncContextStrategy.getIsolationScope(),
      asyncContextStrategy.getIsolationScope(),
    );
    assert.equal(asyncContextStrategy.getCurrentScope(), asyncContextStrategy.getCurrentScope());
    assert.notEqual(
      asyncContextStrategy.getCurrentScope(),
      asyncContextStrategy.getIsolationScope(),
    );
  });

  it("of a request are the same throughout the request", async () => {
    const seen: Scope[] = [];
    await inRequest(async () => {
      seen.push(isolationScope(), asyncContextStrategy.getCurrentScope());
      await Promise.resolve();
      seen.push(isolationScope(), asyncContextStrategy.getCurrentScope());
    });
    assert.equal(seen[0], seen[2]);
    assert.equal(seen[1], seen[3]);
    assert.notEqual(seen[0], isolationScope());
    assert.notEqual(seen[1], asyncContextStrategy.getCurrentScope());
  });

  it("are not created for a request that does not use them", () => {
    const unit = new UnitOfWork();
    inRequest(() => {}, unit);
    assert.equal(unit.scope, undefined);
  });

  it("of a request start as copies of the process's, and do not change these", () => {
    isolationScope().setTag("process", 1);
    inRequest(() => {
      isolationScope().setTag("request", 2);
      asyncContextStrategy.getCurrentScope().setTag("current", 3);
      assert.deepEqual(tagsOf(isolationScope()), { process: 1, request: 2 });
    });
    assert.deepEqual(tagsOf(isolationScope()), { process: 1 });
    assert.deepEqual(tagsOf(asyncContextStrategy.getCurrentScope()), {});
  });

  it("set around a server are not shared by its requests", () => {
    asyncContextStrategy.withIsolationScope((outer) => {
      outer.setTag("outer", 1);
      const requests = [0, 1].map(() => inRequest(isolationScope));
      assert.notEqual(requests[0], requests[1]);
      for (const scope of requests) {
        assert.notEqual(scope, outer);
        assert.equal(tagsOf(scope)["outer"], 1);
      }
    });
  });

  it("of a callback apply to it and to what it starts", async () => {
    await inRequest(async () => {
      const request = isolationScope();
      const later = asyncContextStrategy.withScope(async (scope) => {
        assert.equal(asyncContextStrategy.getCurrentScope(), scope);
        assert.equal(isolationScope(), request);
        await Promise.resolve();
        return asyncContextStrategy.getCurrentScope() === scope;
      });
      assert.equal(await later, true);
      asyncContextStrategy.withIsolationScope((scope) => assert.equal(isolationScope(), scope));
      assert.equal(isolationScope(), request);
    });
  });

  it("that are passed apply in the callback", () => {
    const custom = asyncContextStrategy.getCurrentScope().clone();
    asyncContextStrategy.withSetScope(custom, () =>
      assert.equal(asyncContextStrategy.getCurrentScope(), custom),
    );
    asyncContextStrategy.withSetIsolationScope(custom, () =>
      assert.equal(isolationScope(), custom),
    );
  });

  it("of two concurrent callbacks of one request are separate", async () => {
    await inRequest(async () => {
      isolationScope().setTag("request", 1);
      const item = (name: string): Promise<Record<string, unknown>> =>
        asyncContextStrategy.withIsolationScope(async (scope) => {
          scope
            .setTags({ [name]: true })
            .setExtras({ [name]: true })
            .setUser({ id: name });
          await Promise.resolve();
          assert.deepEqual(isolationScope().getScopeData().extra, { [name]: true });
          assert.equal(isolationScope().getUser()?.id, name);
          return { ...tagsOf(isolationScope()), process: undefined };
        });
      const seen = await Promise.all([item("a"), item("b")]);
      assert.deepEqual(seen, [
        { request: 1, a: true, process: undefined },
        { request: 1, b: true, process: undefined },
      ]);
      assert.deepEqual(
        { ...tagsOf(isolationScope()), process: undefined },
        { request: 1, process: undefined },
      );
      assert.equal(isolationScope().getUser()?.id, undefined);
    });
  });

  it("of a request start with the user that was set before Sentry was loaded", () => {
    const unit = Object.assign(new UnitOfWork(), { userId: "anna" });
    inRequest(() => assert.equal(isolationScope().getUser()?.id, "anna"), unit);
  });

  it("of a request do not get the user that a callback of it has set", () => {
    const unit = new UnitOfWork();
    inRequest(() => {
      asyncContextStrategy.withIsolationScope((scope) => {
        // `setUser` sets both.
        unit.userId = "anna";
        scope.setUser({ id: "anna" });
      });
      assert.equal(isolationScope().getUser()?.id, undefined);
    }, unit);
  });

  it("forward the id of their last event to the outer one", () => {
    const [outer, inner] = [new Scope(), new Scope()];
    forwardLastEventId(inner, outer);
    inner.setLastEventId("an id");
    assert.deepEqual([inner.lastEventId(), outer.lastEventId()], ["an id", "an id"]);
    inner.clone().setLastEventId("another id");
    assert.equal(outer.lastEventId(), "an id");
  });

  it("do not catch errors of a callback", () => {
    assert.throws(
      () =>
        asyncContextStrategy.withScope(() => {
          throw new RangeError("from the app");
        }),
      RangeError,
    );
  });

  it("report whether tracing is suppressed", () => {
    assert.equal(asyncContextStrategy.isTracingSuppressed?.(), false);
    asyncContextStrategy.suppressTracing?.(() =>
      assert.equal(asyncContextStrategy.isTracingSuppressed?.(), true),
    );
  });
});

describe("The user of a scope", () => {
  const { withIsolationScope, withScope, withSetIsolationScope } = asyncContextStrategy;
  const user = (): string | undefined => logIdsIn(activeContext())?.userId;

  it("reaches the log lines of its request", () => {
    const unit = new UnitOfWork();
    inRequest(() => {
      isolationScope().setUser({ id: 7 });
      assert.equal(user(), "7");
      isolationScope().setTag("a", 1);
      withScope(() => assert.equal(user(), "7"));
      isolationScope().setUser(null);
      assert.equal(user(), undefined);
    }, unit);
    assert.equal(user(), undefined);
  });

  it("reaches those within its isolation scope only", async () => {
    const unit = new UnitOfWork();
    await inRequest(async () => {
      isolationScope().setUser({ id: "anna" });
      await Promise.all(
        ["b", "c"].map((id) =>
          withIsolationScope(async (scope) => {
            assert.equal(user(), "anna");
            scope.setUser({ id });
            await Promise.resolve();
            assert.equal(user(), id);
          }),
        ),
      );
      assert.equal(user(), "anna");
    }, unit);
    assert.deepEqual([unit.userId, unit.userOfSpan()], ["anna", "anna"]);
  });

  it("reaches those within the scope of one event only, from either of its scopes", () => {
    const unit = new UnitOfWork();
    inRequest(() => {
      withEventScope((current) => {
        current.setUser({ id: 1 });
        assert.equal(user(), "1");
        isolationScope().setUser({ id: 2 });
        assert.equal(user(), "2");
      });
      assert.equal(user(), undefined);
    }, unit);
  });

  it("is the same where an isolation scope is set again", () => {
    inRequest(() => {
      const outer = isolationScope();
      outer.setUser({ id: "outer" });
      const scope = outer.clone();
      withSetIsolationScope(scope, () => {
        scope.setUser({ id: "inner" });
        withSetIsolationScope(outer, () => assert.equal(user(), "outer"));
      });
      assert.equal(user(), "outer");
      withSetIsolationScope(scope, () => assert.equal(user(), "inner"));
    });
  });

  it("does not reach the log lines of the process", () => {
    isolationScope().setUser({ id: 7 });
    assert.equal(user(), undefined);
    isolationScope().setUser(null);
  });
});
