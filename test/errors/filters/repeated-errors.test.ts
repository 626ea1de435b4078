import assert from "node:assert/strict";
import { Scope } from "@sentry/core";
import { Diagnostics } from "../../../src/diagnostics/diagnostics.ts";
import { RepeatedErrors } from "../../../src/errors/filters/repeated-errors.ts";

interface Fixture {
  readonly errors: RepeatedErrors;
  readonly lines: string[];
  /** Counts an error, and returns whether it is suppressed. */
  suppresses(error: unknown): boolean | undefined;
  advance(milliseconds: number): void;
}

function create(limit: number): Fixture {
  const lines: string[] = [];
  let now = 1_000_000;
  const diagnostics = new Diagnostics("info", (line) => lines.push(line));
  const errors = new RepeatedErrors(limit, diagnostics, () => now);
  return {
    errors,
    lines,
    suppresses: (error) => errors.count(error, undefined, [])?.isSuppressed,
    advance(milliseconds) {
      now += milliseconds;
    },
  };
}

function failureOf(id: unknown): Error {
  return new Error(`no stock of ${String(id)}`);
}

/** Pairs of errors, and whether they are alike. All are created at one place, unless noted. */
const pairs: readonly (readonly [
  title: string,
  first: () => unknown,
  second: () => unknown,
  isAlike: boolean,
])[] = [
  ["the same text", () => failureOf("a"), () => failureOf("a"), true],
  ["other numbers", () => failureOf(17), () => failureOf(4_711), true],
  [
    "other ids",
    () => failureOf("3f2a8b1c-9d4e-4f5a-8b1c-1234567890ab"),
    () => failureOf("ffffffff-aaaa-bbbb-cccc-dddddddddddd"),
    true,
  ],
  ["other texts", () => failureOf("pens"), () => failureOf("ink"), false],
  ["another place", () => failureOf("a"), () => new Error("no stock of a"), false],
  [
    "another class",
    () => failureOf("a"),
    () => Object.assign(failureOf("a"), { name: "StockError" }),
    false,
  ],
  ["thrown texts", () => "one 1", () => "one 2", true],
  ["a text and a number", () => "1", () => 1, false],
  ["long texts that differ late", () => "x".repeat(300), () => `${"x".repeat(290)}y`, true],
  ["symbols", () => Symbol("a"), () => Symbol("b"), false],
  [
    "an object as message",
    () => Object.assign(failureOf("a"), { message: {} }),
    () => Object.assign(failureOf("a"), { message: { text: "a" } }),
    true,
  ],
];

describe("Repeated errors", () => {
  it("are suppressed beyond the limit", () => {
    const { suppresses, advance, lines } = create(3);
    const found = [];
    for (let count = 0; count < 6; count++) {
      found.push(suppresses(failureOf(count)));
      advance(1_000);
    }
    assert.deepEqual(found, [false, false, false, true, true, true]);
    assert.equal(lines.length, 1);
    assert.match(
      lines[0] ?? "",
      /^telltale: the error at failureOf \(.*\) occurs more than 3 times a minute; one event each 5 s is sent, with the number of the others \(TELLTALE_REPEATED_ERRORS\)\n$/,
    );
  });

  it("have an event each five seconds, for as long as they are frequent", () => {
    const { suppresses, advance } = create(3);
    let events = 0;
    // Ten a second for five minutes.
    for (let count = 0; count < 3_000; count++) {
      if (suppresses(failureOf(count)) === false) events++;
      advance(100);
    }
    assert.ok(events >= 3 + 58 && events <= 3 + 60, `${events} events`);
  });

  it("are not suppressed at a rate below the limit, however long it lasts", () => {
    const { suppresses, advance } = create(10);
    for (let count = 0; count < 1_000; count++) {
      assert.equal(suppresses(failureOf(count)), false);
      advance(6_001);
    }
  });

  it("are not suppressed any more after a minute without many of them", () => {
    const { suppresses, advance } = create(3);
    for (let count = 0; count < 10; count++) suppresses(failureOf(count));
    advance(60_000);
    // The last window was full.
    assert.equal(suppresses(failureOf(1)), false);
    assert.equal(suppresses(failureOf(2)), true);
    advance(60_000);
    assert.deepEqual([suppresses(failureOf(3)), suppresses(failureOf(4))], [false, false]);
  });

  it("are counted for the next event, with the time of the first", () => {
    const { errors, advance } = create(2);
    const count = (): ReturnType<RepeatedErrors["count"]> =>
      errors.count(failureOf(1), undefined, []);
    count();
    assert.equal(count()?.takeSuppressed(), undefined);
    const before = Date.now();
    count();
    count();
    count();
    advance(5_000);
    const next = count();
    assert.equal(next?.isSuppressed, false);
    const { count: number, since } = next?.takeSuppressed() ?? {};
    assert.equal(number, 3);
    assert.ok(Date.parse(String(since)) >= before && Date.parse(String(since)) <= Date.now());
    assert.equal(next?.takeSuppressed(), undefined);
  });

  it("do not count if a filter has dropped their event", () => {
    const { errors } = create(2);
    for (let count = 0; count < 20; count++) {
      const error = errors.count(failureOf(count), undefined, []);
      assert.equal(error?.isSuppressed, false);
      error?.release();
    }
  });

  it("are not counted without a limit", () => {
    const { errors } = create(0);
    assert.equal(errors.count(failureOf(1), undefined, []), undefined);
    assert.equal(errors.countMessage("a", undefined, []), undefined);
  });

  it("are distinguished up to a thousand", () => {
    const { errors } = create(1);
    const letters = (count: number): string => count.toString(2).replaceAll("0", "u");
    for (let count = 0; count < 1_100; count++) {
      errors.countMessage(letters(count).replaceAll("1", "v"), undefined, []);
    }
    const isKnown = (count: number): boolean | undefined =>
      errors.countMessage(letters(count).replaceAll("1", "v"), undefined, [])?.isSuppressed;
    assert.equal(isKnown(1_099), true);
    assert.equal(isKnown(0), false);
  });

  for (const [title, first, second, isAlike] of pairs) {
    it(`are ${isAlike ? "alike" : "different"}: ${title}`, () => {
      const { suppresses } = create(1);
      assert.equal(suppresses(first()), false);
      assert.equal(suppresses(second()), isAlike);
    });
  }

  it("are alike by the first frame that is the app's own", () => {
    const stack = (frames: readonly string[]): Error =>
      Object.assign(new Error("a"), { stack: ["Error: a", ...frames].join("\n    at ") });
    const { suppresses } = create(1);
    suppresses(
      stack(["x (/app/node_modules/pg/a.js:1:1)", "node:internal:2", "y (/app/b.js:1:1)"]),
    );
    assert.equal(suppresses(stack(["y (/app/b.js:1:1)"])), true);
    assert.equal(suppresses(stack(["y (/app/b.js:2:1)"])), false);
    suppresses(stack(["x (/app/node_modules/pg/a.js:1:1)", "node:internal:2"]));
    assert.equal(suppresses(stack(["x (/app/node_modules/pg/a.js:1:1)"])), true);
  });

  it("are different if one of them may end the process", () => {
    const { errors, suppresses } = create(1);
    suppresses(failureOf(1));
    const hint = { mechanism: { type: "auto.node.onuncaughtexception", handled: false } };
    assert.equal(errors.count(failureOf(2), hint, [])?.isSuppressed, false);
    assert.equal(errors.count(failureOf(3), hint, [])?.isSuppressed, true);
  });

  it("are alike by the fingerprint that the app sets", () => {
    const { errors } = create(1);
    const count = (error: Error, fingerprint: string[], isOwn = true): boolean | undefined => {
      const scope = new Scope();
      if (!isOwn) scope.setFingerprint(fingerprint);
      const hint = isOwn ? { captureContext: { fingerprint } } : {};
      return errors.count(error, hint, [scope, undefined])?.isSuppressed;
    };
    assert.equal(count(failureOf("a"), ["till"]), false);
    assert.equal(count(new TypeError("b"), ["till"], false), true);
    assert.equal(count(failureOf("a"), ["{{ default }}", "till"]), false);
    assert.equal(count(failureOf("b"), ["{{ default }}", "till"]), false);
    assert.equal(count(failureOf("a"), ["{{default}}", "till"], false), true);
    const hostile = [Symbol("a"), { toString: () => assert.fail() }] as unknown as string[];
    assert.equal(count(failureOf("a"), hostile), false);
  });

  it("are counted however hostile they are", () => {
    const { suppresses } = create(10);
    const throwing = new Proxy(new Error("a proxy"), {
      get() {
        throw new Error("no property");
      },
    });
    for (const error of [throwing, null, undefined, 1n, Symbol("x"), {}, () => {}]) {
      assert.equal(suppresses(error), false);
    }
    assert.equal(suppresses(Object.assign(new Error("odd"), { stack: [1], name: 5 })), false);
  });
});
