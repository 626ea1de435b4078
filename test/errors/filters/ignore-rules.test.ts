import assert from "node:assert/strict";
import { parseConfig } from "../../../src/config/parse.ts";
import { Diagnostics } from "../../../src/diagnostics/diagnostics.ts";
import { environmentOf } from "../../../src/env.ts";
import { IgnoreRules } from "../../../src/errors/filters/ignore-rules.ts";
import { cpuMsOf } from "../../cpu-time.ts";

const withCode = (code: unknown, cause?: unknown): Error =>
  Object.assign(new Error("a request failed", { cause }), { code });

const matches: readonly (readonly [list: string, error: unknown])[] = [
  ["hang up", new Error("socket hang up")],
  ["RangeError", new RangeError("too large")],
  ["TypeError: fetch failed", new TypeError("fetch failed")],
  ["ECONNRESET", withCode("ECONNRESET")],
  ["ECONNRESET", new TypeError("fetch failed", { cause: withCode("ECONNRESET") })],
  ["11000", withCode(11000)],
  ["/^timeout of [0-9]+ ms$/", new Error("timeout of 300 ms")],
  ["/TIMEOUT/i", new Error("a timeout")],
  ["/^ECONN(RESET|REFUSED)$/", withCode("ECONNREFUSED")],
  ["/^RangeError: /", new RangeError("too large")],
  ["/^b$/m", new Error("a\nb")],
  ["/a.b/s", new Error("a\nb")],
  [String.raw`/a\/b/`, new Error("a/b")],
  ["nothing,hang up", new Error("socket hang up")],
];

const misses: readonly (readonly [list: string, error: unknown])[] = [
  ["Hang up", new Error("socket hang up")],
  ["ECONN", withCode("ECONNRESET")],
  ["RESET", withCode("ECONNRESET")],
  ["/^timeout$/", new Error("a timeout")],
  ["/a.b/", new Error("a\nb")],
  ["deep", new Error("outer", { cause: new Error("deep") })],
  ["/end$/", new Error(`${"x".repeat(2_000)} end`)],
  ["ECONNRESET", new Error("")],
];

/** Regular expressions, and whether the engine accepts them. */
const syntax: readonly (readonly [source: string, isAccepted: boolean])[] = [
  ["(a+)+$", true],
  ["(a|a)*b", true],
  [String.raw`^\d{1,3}\s[\w-]+$`, true],
  [String.raw`\p{L}+`, true],
  ["(?:a|b)?c*?", true],
  ["(?<name>a)", true],
  ["(?=a)b", false],
  ["(?!a)b", false],
  ["(?<=a)b", false],
  ["(?<!a)b", false],
  [String.raw`(a)\1`, false],
  [String.raw`(?<name>a)\k<name>`, false],
  ["a{2000}", false],
  ["(a", false],
  ["[b-a]", false],
  ["*a", false],
];

describe("An error is ignored", () => {
  for (const [list, error] of matches) {
    it(`if ${list} matches ${String(error)}`, () => {
      const { rules } = rulesOf({ errors: list });
      assert.equal(rules.ignoresError(...eventOf(error)), true);
      assert.equal(rules.ignoresThrown(error), true);
    });
  }
  for (const [list, error] of misses) {
    it(`but not if ${list} does not match ${String(error).slice(0, 40)}`, () => {
      const { rules } = rulesOf({ errors: list });
      assert.equal(rules.ignoresError(...eventOf(error)), false);
      assert.equal(rules.ignoresThrown(error), false);
    });
  }

  it("if its message was captured", () => {
    const { rules } = rulesOf({ errors: "out of stock" });
    assert.equal(rules.ignoresError({ message: "out of stock: 7" }, {}), true);
    assert.equal(rules.ignoresError({ message: "in stock" }, {}), false);
  });

  it("whatever its code and causes are", () => {
    const { rules } = rulesOf({ errors: "ECONNRESET" });
    const circular = withCode("E1");
    circular.cause = circular;
    const throwing = new Proxy(new Error("a proxy"), {
      get() {
        throw new Error("no code");
      },
    });
    for (const error of [circular, throwing, null, "text", withCode({}), withCode(Symbol("x"))]) {
      assert.equal(rules.ignoresError({}, { originalException: error }), false);
      assert.equal(rules.ignoresThrown(error), false);
    }
  });
});

describe("A regular expression of an ignored error", () => {
  for (const [source, isAccepted] of syntax) {
    it(`is ${isAccepted ? "accepted" : "reported"}: ${source}`, () => {
      const { rules, lines } = rulesOf({ errors: `/${source}/,other` });
      assert.equal(rules.ignoresError({ message: "the other one" }, {}), true);
      if (isAccepted) assert.deepEqual(lines, []);
      else assert.match(lines.join(""), /^telltale: TELLTALE_IGNORE_ERRORS: received ".*RE2/);
      assert.equal(lines.length, isAccepted ? 0 : 1);
    });
  }

  it("takes linear time, where JavaScript's takes exponential time", () => {
    const { rules } = rulesOf({ errors: "/^(a+)+$/,/(x|x)*y/,/(.*a){20}/" });
    const ms = cpuMsOf(() => {
      for (let count = 0; count < 20; count++) {
        rules.ignoresError({ message: `${"a".repeat(5_000)}!` }, {});
        rules.ignoresError({ message: "x".repeat(5_000) }, {});
      }
    });
    assert.ok(ms < 10_000, `${ms} ms`);
  });
});

const transactions: readonly (readonly [list: string, name: string, isIgnored: boolean])[] = [
  ["GET /health", "GET /health", true],
  ["GET /health", "POST /health", false],
  ["/health", "POST /health", true],
  ["/health", "GET /healthz", false],
  ["/internal/*", "GET /internal/metrics/:id", true],
  ["/internal/*", "GET /orders/internal/", false],
  ["* /internal/*", "GET /internal/x", true],
  ["*/status", "GET /a/status", true],
  ["*/status", "GET /a/status/b", false],
  ["GET /a*b*c", "GET /aXbYc", true],
  ["GET /a*b*c", "GET /acb", false],
  ["/a*a", "GET /a", false],
  ["/a*a", "GET /aa", true],
  ["mails process", "mails process", true],
  ["/health,/ready", "GET /ready", true],
];

describe("A route is ignored", () => {
  for (const [list, name, isIgnored] of transactions) {
    it(`${isIgnored ? "if" : "but not if"} ${list} is listed and it is ${name}`, () => {
      const { rules } = rulesOf({ transactions: list });
      assert.deepEqual([rules.hasTransactions, rules.ignoresTransaction(name)], [true, isIgnored]);
    });
  }

  it("only if it is known", () => {
    assert.equal(rulesOf({ transactions: "*a" }).rules.ignoresTransaction(undefined), false);
    assert.equal(rulesOf({}).rules.hasTransactions, false);
  });
});

function rulesOf(lists: { errors?: string; transactions?: string }): {
  rules: IgnoreRules;
  lines: string[];
} {
  const { config } = parseConfig(
    environmentOf({
      TELLTALE_IGNORE_ERRORS: lists.errors,
      TELLTALE_IGNORE_TRANSACTIONS: lists.transactions,
    }),
  );
  const lines: string[] = [];
  const diagnostics = new Diagnostics("info", (line) => lines.push(line));
  return { rules: new IgnoreRules(config.errors, diagnostics), lines };
}

/** Returns the event of an error as Sentry builds it, and its hint. */
function eventOf(error: unknown): Parameters<IgnoreRules["ignoresError"]> {
  const { name, message } = error as Error;
  return [
    { exception: { values: [{ type: name, value: message }] } },
    { originalException: error },
  ];
}
