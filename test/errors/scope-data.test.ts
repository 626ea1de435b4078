import assert from "node:assert/strict";
import { Scope } from "@sentry/core";
import { replaceScopeSetters } from "../../src/errors/scope-data.ts";

/** Calls with the same effect with Sentry's own setters. */
const same: readonly (readonly [title: string, calls: (scope: Scope) => void])[] = [
  ["one tag", (scope) => scope.setTag("a", "b")],
  ["a tag that is replaced", (scope) => scope.setTag("a", 1).setTag("a", 2)],
  ["a tag that is removed", (scope) => scope.setTag("a", 1).setTag("a", undefined)],
  ["several tags", (scope) => scope.setTags({ a: null, b: true, c: 1n, d: Symbol.iterator })],
  ["no tags", (scope) => scope.setTags(undefined as never)],
  ["a tag with the name of the prototype", (scope) => scope.setTag("__proto__", "a")],
  ["extras", (scope) => scope.setExtra("a", { b: 1 }).setExtras({ c: [1], a: 2 })],
  ["no extras", (scope) => scope.setExtras(null as never)],
];

describe("The setters of a scope", () => {
  for (const [title, calls] of same) {
    it(`have the effect of Sentry's: ${title}`, () => {
      const [own, sentry] = [new Scope(), new Scope()];
      replaceScopeSetters(own);
      calls(own);
      calls(sentry);
      assert.deepEqual(dataOf(own), dataOf(sentry));
    });
  }

  it("do not change a scope that was cloned before", () => {
    const scope = new Scope();
    replaceScopeSetters(scope);
    const clone = scope.setTag("a", 1).setExtra("b", 1).clone();
    replaceScopeSetters(clone);
    clone.setTag("a", 2).setExtra("b", 2);
    assert.deepEqual(dataOf(scope), { tags: { a: 1 }, extra: { b: 1 } });
  });

  it("make texts of tags that Sentry could not read", () => {
    const scope = new Scope();
    replaceScopeSetters(scope);
    scope.setTag("list", [1, 2] as never);
    assert.equal(scope.getScopeData().tags["list"], "[1,2]");
  });

  it("report changes to listeners", () => {
    const scope = new Scope();
    replaceScopeSetters(scope);
    let calls = 0;
    scope.addScopeListener(() => calls++);
    scope.setTag("a", 1).setTags({ b: 2 }).setExtra("c", 3).setExtras({ d: 4 });
    assert.equal(calls, 4);
  });

  it("take a time in proportion to the number of tags", () => {
    const scope = new Scope();
    replaceScopeSetters(scope);
    const before = process.cpuUsage();
    for (let at = 0; at < 20_000; at++) scope.setTag(`tag.${at}`, at);
    // With copies it was minutes.
    assert.ok(process.cpuUsage(before).user < 2_000_000);
  });
});

function dataOf(scope: Scope): { readonly tags: object; readonly extra: object } {
  const { tags, extra } = scope.getScopeData();
  return { tags, extra };
}
