import assert from "node:assert/strict";
import { Scope } from "@sentry/core";
import { ServerRuntimeClient } from "@sentry/core/server";
import { parseConfig } from "../../src/config/parse.ts";
import { environmentOf } from "../../src/env.ts";
import { delegationNotice } from "../../src/errors/app-sentry.ts";
import { watchLostCaptures } from "../../src/errors/lost-captures.ts";

const watchedNames = ["captureException", "captureMessage", "captureEvent", "clone"];

function watchedScope(): { readonly scope: Scope; readonly count: () => number } {
  const scope = new Scope();
  let count = 0;
  watchLostCaptures(scope, () => count++);
  return { scope, count: () => count };
}

function createClient(options: { readonly enabled?: boolean; readonly dsn?: string }) {
  return new ServerRuntimeClient({
    ...options,
    integrations: [],
    stackParser: () => [],
    transport: () => ({ send: () => Promise.resolve({}), flush: () => Promise.resolve(true) }),
  });
}

const captures: readonly (readonly [name: string, capture: (scope: Scope) => string])[] = [
  ["captureException", (scope) => scope.captureException(new Error("lost"))],
  ["captureMessage", (scope) => scope.captureMessage("lost")],
  ["captureEvent", (scope) => scope.captureEvent({ message: "lost" })],
];

describe("A capture without a client", () => {
  for (const [name, capture] of captures) {
    it(`is reported once by ${name}, which returns an id as before`, () => {
      const { scope, count } = watchedScope();
      assert.match(capture(scope), /^[0-9a-f]{32}$/);
      capture(scope);
      assert.equal(count(), 1);
      for (const watched of watchedNames) assert.equal(Object.hasOwn(scope, watched), false);
    });

    it(`is reported by ${name} of a clone of a clone`, () => {
      const { scope, count } = watchedScope();
      const clone = scope.clone().clone();
      assert.ok(clone instanceof Scope);
      capture(clone);
      capture(scope);
      assert.equal(count(), 1);
    });
  }

  it("is not reported once there is a client, and the scope is as before", () => {
    const { scope, count } = watchedScope();
    scope.setClient(createClient({ dsn: "http://own@127.0.0.1:9/2" }));
    scope.captureMessage("sent");
    assert.equal(count(), 0);
    for (const name of watchedNames) assert.equal(Object.hasOwn(scope, name), false);
    assert.equal(Object.hasOwn(scope.clone(), "captureMessage"), false);
  });

  it("does not keep the app from assigning a method", () => {
    const { scope, count } = watchedScope();
    scope.captureMessage = () => "own";
    assert.equal(scope.captureMessage("a text"), "own");
    assert.equal(count(), 0);
    assert.deepEqual(
      Object.keys(scope).filter((name) => watchedNames.includes(name)),
      ["captureMessage"],
    );
  });

  it("adds no frame to a stack", () => {
    const { scope } = watchedScope();
    let stack = "";
    Object.setPrototypeOf(scope, {
      captureMessage() {
        stack = new Error("here").stack ?? "";
      },
    });
    watchLostCaptures(scope, () => {});
    scope.captureMessage("a text");
    assert.doesNotMatch(stack, /lost-captures\.ts:/);
  });
});

describe("The line about an app that calls Sentry.init", () => {
  const dsn = "http://own@127.0.0.1:9/2";
  const api = "The app's Sentry has the OpenTelemetry API: ";
  const rows = [
    [{ dsn }, false, /^the app calls Sentry\.init itself: its client sends the errors, [^:]*\.$/],
    [{ dsn }, true, new RegExp(`^the app calls Sentry.init .*functions\\. ${api}`)],
    [{ dsn, enabled: false }, false, /, with enabled: false: no errors are sent\.$/],
    [{}, true, new RegExp(`^${api}`)],
    [{}, false, /^$/],
  ] as const;
  const { errors: config } = parseConfig(new Map()).config;
  for (const [options, hasApi, expected] of rows) {
    it(`is clear with ${JSON.stringify(options)}, and the API ${hasApi}`, () => {
      assert.match(delegationNotice(createClient(options), config, hasApi), expected);
    });
  }

  const filters: readonly (readonly [env: Record<string, string>, names: string])[] = [
    [
      { TELLTALE_BEFORE_SEND: "./filter.js", TELLTALE_IGNORE_ERRORS: "a,b" },
      "TELLTALE_BEFORE_SEND and TELLTALE_IGNORE_ERRORS",
    ],
    [{ TELLTALE_IGNORE_TRANSACTIONS: "/health" }, "TELLTALE_IGNORE_TRANSACTIONS"],
  ];
  for (const [env, names] of filters) {
    it(`names the filters that its errors do not pass: ${names}`, () => {
      const { errors } = parseConfig(environmentOf(env)).config;
      const text = delegationNotice(createClient({ dsn }), errors, false);
      assert.ok(text.endsWith(`functions. They do not pass ${names}.`), text);
    });
  }
});
