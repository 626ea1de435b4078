import assert from "node:assert/strict";
import { createRedactor } from "../../src/redaction/redactor.ts";
import { defaultRedaction } from "./default-redactor.ts";

function extended(...additions: readonly unknown[]) {
  const lines: string[] = [];
  const redactor = createRedactor(defaultRedaction, (_key, line) => lines.push(line));
  redactor.text("load the policy");
  for (const one of additions) redactor.extend(one);
  return { redactor, lines };
}

const unreadable = {
  get fields(): never {
    throw new Error("unreadable");
  },
  exceptions: ["pin"],
};

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}

describe("An addition in code", () => {
  const value = { nationalId: "A1", user: { name: "bob" }, pin: "1234", note: "EMP-1234 text" };
  const rows: readonly (readonly [title: string, additions: unknown, changes: object])[] = [
    ["of nothing has no effect", {}, { pin: "REDACTED" }],
    ["is a name", { fields: ["national_id"] }, { nationalId: "REDACTED", pin: "REDACTED" }],
    ["is a path", { fields: ["user.*"] }, { user: { name: "REDACTED" }, pin: "REDACTED" }],
    ["is a pattern", { patterns: [/emp-\d+/i] }, { note: "REDACTED text", pin: "REDACTED" }],
    [
      "is a pattern in the spelling of JavaScript",
      { patterns: [/\u0045MP-\d{4}(?<rest>\s)text/gu] },
      { note: "REDACTED", pin: "REDACTED" },
    ],
    ["is an exception", { exceptions: ["pin"] }, {}],
    ["is an exception by a pattern", { exceptions: [/^1234$/] }, {}],
    ["has a getter that throws", unreadable, {}],
  ];
  for (const [title, additions, changes] of rows) {
    it(`${title}, twice as well as once`, () => {
      const { redactor, lines } = extended(additions, additions);
      assert.deepEqual(redactor.attributes(value), { ...value, ...changes });
      assert.deepEqual(lines, []);
    });
  }

  const EXCEPTIONS = "names or paths of fields and regular expressions";
  const bad: readonly (readonly [title: string, additions: unknown, line: string])[] = [
    [
      "no object",
      "pin",
      "addRedaction: received string, expected an object with fields, patterns, exceptions; nothing is added",
    ],
    [
      "null",
      null,
      "addRedaction: received null, expected an object with fields, patterns, exceptions; nothing is added",
    ],
    [
      "no list",
      { fields: "pin" },
      "addRedaction fields: received string, expected a list of names or paths of fields; using the other entries",
    ],
    [
      "a revoked proxy",
      { exceptions: revoked() },
      `addRedaction exceptions: received object, expected a list of ${EXCEPTIONS}; using the other entries`,
    ],
    [
      "a field that is none",
      { fields: [7, "x"] },
      "addRedaction fields: received number, expected names or paths of fields; using the other entries",
    ],
    [
      "every field",
      { fields: ["*", "x"] },
      'addRedaction fields: received "*", expected names or paths of fields (it would be every field); using the other entries',
    ],
    [
      "a text as a pattern",
      { patterns: ["x"] },
      "addRedaction patterns: received string, expected regular expressions; using the other entries",
    ],
    [
      "a pattern as a field",
      { fields: [/x/] },
      "addRedaction fields: received object, expected names or paths of fields; using the other entries",
    ],
    [
      "a flag of sets",
      { patterns: [new RegExp("[a&&b]", "v")] },
      'addRedaction patterns: received "/[a&&b]/v", expected regular expressions without the flags v and y; using the other entries',
    ],
    [
      "a sticky pattern",
      { patterns: [/a/y] },
      'addRedaction patterns: received "/a/y", expected regular expressions without the flags v and y; using the other entries',
    ],
  ];
  for (const [title, additions, line] of bad) {
    it(`is reported in one line: ${title}`, () => {
      assert.deepEqual(extended(additions).lines, [line]);
    });
  }

  for (const pattern of [/(?=a)b/, /(?<!a)b/, /(a)\1/, /(?<n>a)\k<n>/]) {
    it(`is reported if it can't take linear time: ${pattern}`, () => {
      const { redactor, lines } = extended({ patterns: [pattern, /EMP/] });
      assert.match(
        lines.join("\n"),
        /^addRedaction patterns: received .* RE2, without look-around and back references \(.*\); using the other entries$/,
      );
      assert.equal(redactor.text("EMP b ab aa"), "REDACTED b ab aa");
    });
  }

  it("is limited in number, and what was there before stays", () => {
    const fields = Array.from({ length: 1500 }, (_, at) => `field${at}`);
    const { redactor, lines } = extended({ fields });
    assert.match(lines.join("\n"), /^addRedaction: received more than 1000 entries/);
    assert.deepEqual(redactor.attributes({ field7: "abc", field1400: "abc" }), {
      field7: "REDACTED",
      field1400: "abc",
    });
  });

  it("is reported where TELLTALE_REDACT has switched the policy off", () => {
    const lines: string[] = [];
    const redactor = createRedactor(undefined, (_key, line) => lines.push(line));
    redactor.extend({ fields: ["x"] });
    assert.deepEqual(lines, ["addRedaction has no effect, because TELLTALE_REDACT is none"]);
    assert.equal(redactor.text("password=abc1"), "password=abc1");
  });
});
