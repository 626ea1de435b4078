import assert from "node:assert/strict";
import type { Scope } from "@sentry/core";
import type { Context } from "../../src/context/context.ts";
import { Holder } from "../../src/context/holder.ts";
import { activeContext, runIn } from "../../src/context/manager.ts";
import { strategy } from "../../src/errors/scopes.ts";

/** Runs `work` as a request that came in just now. */
function inRequest<R>(work: () => R, holder: Holder = new Holder()): R {
  return runIn((activeContext() as Context).withHolder(holder), work);
}

function isolated(): Scope {
  return strategy.getIsolationScope();
}

function tagsOf(scope: Scope): Record<string, unknown> {
  return scope.getScopeData().tags;
}

describe("Scopes", () => {
  it("of the process are there outside of all work", () => {
    assert.equal(strategy.getIsolationScope(), strategy.getIsolationScope());
    assert.equal(strategy.getCurrentScope(), strategy.getCurrentScope());
    assert.notEqual(strategy.getCurrentScope(), strategy.getIsolationScope());
  });

  it("are a request's own, the same ones throughout", async () => {
    const seen: Scope[] = [];
    await inRequest(async () => {
      seen.push(isolated(), strategy.getCurrentScope());
      await Promise.resolve();
      seen.push(isolated(), strategy.getCurrentScope());
    });
    assert.equal(seen[0], seen[2]);
    assert.equal(seen[1], seen[3]);
    assert.notEqual(seen[0], isolated());
    assert.notEqual(seen[1], strategy.getCurrentScope());
  });

  it("cost a request nothing that asks for none", () => {
    const holder = new Holder();
    inRequest(() => {}, holder);
    assert.equal(holder.scope, undefined);
  });

  it("begin with what the process has, and leave nothing there", () => {
    isolated().setTag("process", 1);
    inRequest(() => {
      isolated().setTag("request", 2);
      strategy.getCurrentScope().setTag("current", 3);
      assert.deepEqual(tagsOf(isolated()), { process: 1, request: 2 });
    });
    assert.deepEqual(tagsOf(isolated()), { process: 1 });
    assert.deepEqual(tagsOf(strategy.getCurrentScope()), {});
  });

  it("set around a server are not shared by its requests", () => {
    strategy.withIsolationScope((outer) => {
      outer.setTag("outer", 1);
      const requests = [0, 1].map(() => inRequest(isolated));
      assert.notEqual(requests[0], requests[1]);
      for (const scope of requests) {
        assert.notEqual(scope, outer);
        assert.equal(tagsOf(scope)["outer"], 1);
      }
    });
  });

  it("of a callback hold in it and in what it starts", async () => {
    await inRequest(async () => {
      const request = isolated();
      const later = strategy.withScope(async (scope) => {
        assert.equal(strategy.getCurrentScope(), scope);
        assert.equal(isolated(), request);
        await Promise.resolve();
        return strategy.getCurrentScope() === scope;
      });
      assert.equal(await later, true);
      strategy.withIsolationScope((scope) => assert.equal(isolated(), scope));
      assert.equal(isolated(), request);
    });
  });

  it("that are given are the ones that are found", () => {
    const given = strategy.getCurrentScope().clone();
    strategy.withSetScope(given, () => assert.equal(strategy.getCurrentScope(), given));
    strategy.withSetIsolationScope(given, () => assert.equal(isolated(), given));
  });

  it("let what a callback throws pass", () => {
    assert.throws(
      () =>
        strategy.withScope(() => {
          throw new RangeError("from the app");
        }),
      RangeError,
    );
  });

  it("can tell that tracing is suppressed", () => {
    assert.equal(strategy.isTracingSuppressed?.(), false);
    strategy.suppressTracing?.(() => assert.equal(strategy.isTracingSuppressed?.(), true));
  });
});
