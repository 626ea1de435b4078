import assert from "node:assert/strict";
import { getDefaultIsolationScope, Scope } from "@sentry/core";
import { ServerRuntimeClient } from "@sentry/core/server";
import type { CaptureContext, Scope as ApiScope } from "../../src/api.ts";
import { createAppBinding } from "../../src/errors/app-sentry.ts";
import type { SentryBinding } from "../../src/errors/api.ts";
import { asyncContextStrategy } from "../../src/errors/scopes.ts";

/** The used part of an event. */
interface SentEvent {
  readonly level?: string;
  readonly tags?: unknown;
  readonly extra?: unknown;
}

/** The used part of feedback and check-ins. */
interface SentItem {
  readonly event_id?: string;
  readonly check_in_id?: string;
  readonly status?: string;
  readonly contexts?: Readonly<Record<string, unknown>>;
}

/** The strategy of a `@sentry/core` without an SDK (`asyncContext/stackStrategy.js`). */
class ScopeStack {
  readonly #scopes = [new Scope()];

  getScope(): Scope {
    return this.#scopes.at(-1) ?? assert.fail();
  }

  getIsolationScope(): Scope {
    return getDefaultIsolationScope();
  }

  withScope<R>(work: (scope: Scope) => R): R {
    const scope = this.getScope().clone();
    this.#scopes.push(scope);
    try {
      return work(scope);
    } finally {
      this.#scopes.pop();
    }
  }
}

const contexts: readonly (readonly [CaptureContext | "fatal" | undefined, SentEvent])[] = [
  [undefined, { level: "info" }],
  ["fatal", { level: "fatal" }],
  [
    { level: "warning", tags: { a: 1 }, extra: { b: 2 } },
    { level: "warning", tags: { a: 1 }, extra: { b: 2 } },
  ],
  [(scope: ApiScope) => scope.setTag("c", 3), { level: "info", tags: { c: 3 } }],
];

describe("The binding to an app's own Sentry", () => {
  let sent: SentEvent[];
  /** Items of envelopes. Events are filtered. */
  let items: (readonly [type: string, payload: SentItem])[];
  let binding: SentryBinding;
  let current: Scope;
  beforeEach(() => {
    sent = [];
    items = [];
    const client = new ServerRuntimeClient({
      dsn: "http://own@127.0.0.1:9/2",
      integrations: [],
      stackParser: () => [],
      transport: () => ({
        send([, envelopeItems]) {
          for (const [{ type }, payload] of envelopeItems) {
            if (type !== undefined) items.push([type, payload as SentItem]);
          }
          return Promise.resolve({});
        },
        flush: () => Promise.resolve(true),
      }),
      beforeSend: (event) => {
        sent.push(event);
        return null;
      },
    });
    client.init();
    current = new Scope();
    current.setClient(client);
    const acs = { ...asyncContextStrategy, getCurrentScope: () => current };
    binding = createAppBinding({ acs, defaultCurrentScope: current });
  });

  for (const [context, expected] of contexts) {
    it(`captures a message with ${typeof context} ${JSON.stringify(context)} as Sentry does`, () => {
      binding.captureMessage("text", context);
      assert.partialDeepStrictEqual(sent, [expected]);
    });
  }

  it("passes the isolation scope to withIsolationScope, and the current one to withScope", () => {
    const outer = binding.isolationScope();
    binding.withIsolationScope((scope) => {
      assert.equal(scope, binding.isolationScope());
      assert.notEqual(scope, outer);
    });
    assert.equal(
      binding.withScope((scope) => {
        assert.equal(scope, current);
        assert.notEqual(binding.isolationScope(), outer);
        return "returned";
      }),
      "returned",
    );
    assert.equal(binding.isolationScope(), outer);
  });

  it("remembers the last event of a withScope, not of a withIsolationScope", () => {
    // As a client does with each event.
    const record = (id: string) => () => (binding.isolationScope() as Scope).setLastEventId(id);
    asyncContextStrategy.withIsolationScope(() => {
      binding.withScope(record("in a scope"));
      assert.equal(binding.isolationScope().lastEventId(), "in a scope");
      binding.withIsolationScope(record("isolated"));
      assert.equal(binding.isolationScope().lastEventId(), "in a scope");
    });
  });

  it("sends feedback through the app's client", () => {
    const id = binding.captureFeedback({ message: "slow", associatedEventId: "e1" }, undefined);
    const [[type, feedback] = []] = items;
    assert.deepEqual([type, feedback?.event_id], ["feedback", id]);
    assert.partialDeepStrictEqual(feedback?.contexts?.["feedback"], {
      message: "slow",
      associated_event_id: "e1",
    });
  });

  it("sends check-ins through the app's client, and runs the callback without one", async () => {
    const id = binding.captureCheckIn({ monitorSlug: "by-hand", status: "ok" }, undefined);
    const isolation = binding.isolationScope();
    const run = async (): Promise<boolean> => binding.isolationScope() === isolation;
    assert.equal(await binding.withMonitor("report", run, undefined), false);
    current.setClient(undefined);
    assert.equal(await binding.withMonitor("report", run, undefined), false);
    const [[, first] = [], [, started] = [], [, ended] = []] = items;
    assert.deepEqual([first?.check_in_id, first?.status], [id, "ok"]);
    assert.deepEqual([started?.status, ended?.status, items.length], ["in_progress", "ok", 3]);
    assert.equal(started?.check_in_id, ended?.check_in_id);
  });

  it("flushes the app's client, and resolves with false without one", async () => {
    assert.equal(await binding.flush(1_000), true);
    current.setClient(undefined);
    assert.equal(await binding.flush(1_000), false);
  });

  it("uses the stack of an app without a strategy", () => {
    const stack = new ScopeStack();
    const onStack = createAppBinding({ stack });
    onStack.withScope((scope) => {
      assert.equal(scope, stack.getScope());
      scope.setTag("inside", true);
    });
    assert.deepEqual(stack.getScope().getScopeData().tags, {});
    onStack.withIsolationScope((scope) => assert.equal(scope, getDefaultIsolationScope()));
  });

  it("runs the callbacks of an app with default scopes only", () => {
    const [scope, isolation] = [new Scope(), new Scope()];
    const bare = createAppBinding({
      defaultCurrentScope: scope,
      defaultIsolationScope: isolation,
    });
    assert.equal(
      bare.withScope((passed) => passed),
      scope,
    );
    assert.equal(
      bare.withIsolationScope((passed) => passed),
      isolation,
    );
  });
});
