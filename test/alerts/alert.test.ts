import assert from "node:assert/strict";
import { alertFields, alertText } from "../../src/alerts/alert.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { environmentOf } from "../../src/env.ts";
import { createRedactor } from "../../src/redaction/redactor.ts";

const url = "https://alerts.example/hook/s3cret";
const { config } = parseConfig(environmentOf({}));
const redactor = createRedactor(config.redaction, () => assert.fail("a warning"));

const texts: readonly (readonly [title: string, message: string, shown: string])[] = [
  ["nothing secret", "disk full", "disk full"],
  ["a secret", "login failed: password=hunter2secret", "login failed: password=REDACTED"],
  ["the address of the receiver", `POST ${url} failed`, "POST *** failed"],
  ["3,000 characters", "x".repeat(3000), "x".repeat(3000)],
  ["more characters", "x".repeat(3001), `${"x".repeat(3000)}…`],
  ["a pair of surrogates at the limit", `${"x".repeat(2999)}😀!`, `${"x".repeat(2999)}…`],
];

const unreadable = { toJSON: () => assert.fail("it has no text") };

const fields: readonly (readonly [title: string, fields: unknown, shown: object])[] = [
  ["undefined", undefined, {}],
  ["null", null, {}],
  ["a text", "abc", {}],
  [
    "texts and numbers",
    { a: "b", c: 1, d: 2n, e: true, f: null },
    {
      a: "b",
      c: "1",
      d: "2",
      e: "true",
      f: "null",
    },
  ],
  ["what has no text", { a: undefined, b: () => {}, c: Symbol("c"), unreadable, d: 1 }, { d: "1" }],
  ["objects", { a: { b: [1] } }, { a: '{"b":[1]}' }],
  [
    "secrets",
    { token: "abc", at: url, nested: { password: "x" } },
    {
      token: "REDACTED",
      at: "***",
      nested: '{"password":"REDACTED"}',
    },
  ],
  ["a long text", { a: "x".repeat(1000) }, { a: "x".repeat(200) }],
];

describe("An alert", () => {
  for (const [title, message, shown] of texts) {
    it(`has the message without secrets, of limited length: ${title}`, () => {
      assert.equal(alertText(message, redactor, url), shown);
    });
  }

  for (const [title, values, shown] of fields) {
    it(`has fields as texts without secrets: ${title}`, () => {
      assert.deepEqual(alertFields(values, redactor, url), shown);
    });
  }

  it("has 20 fields at most", () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`f${at}`, at]));
    assert.equal(Object.keys(alertFields(many, redactor, url)).length, 20);
  });
});
