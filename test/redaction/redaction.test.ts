import assert from "node:assert/strict";
import type { RedactionConfig } from "../../src/config/config.ts";
import { createRedactor, type Redactor } from "../../src/redaction/redactor.ts";
import { defaultRedaction, redactor } from "./default-redactor.ts";

const withConfig = (changes: Partial<RedactionConfig>): Redactor =>
  createRedactor({ ...defaultRedaction, ...changes }, assert.fail);

describe("The value of a field", () => {
  const rows: readonly (readonly [
    title: string,
    name: string,
    value: unknown,
    redacted: unknown,
  ])[] = [
    ["a text under a secret name", "password", "hunter2", "REDACTED"],
    ["a number under a secret name", "pin", 4711, "REDACTED"],
    ["a map under a secret name", "credentials", { a: 1 }, "REDACTED"],
    ["a list under a secret name", "api_key", ["a", "b"], "REDACTED"],
    ["a flag under a secret name", "password", true, true],
    ["an index under a secret name", "token", 15, 15],
    ["nothing under a secret name", "password", null, null],
    ["a mask of the app's logger", "password", "[Redacted]", "[Redacted]"],
    ["a mask of asterisks", "password", "********", "********"],
    ["an empty text under a secret name", "password", "", ""],
    ["a secret in a text", "note", "Bearer abcd1234", "Bearer REDACTED"],
    ["a card as a number", "n", 4111111111111111, "REDACTED"],
    ["a nested name", "user", { name: "bob", auth: "x1" }, { name: "bob", auth: "REDACTED" }],
    ["a name in a list", "users", [{ pin: "1234" }, 1], [{ pin: "REDACTED" }, 1]],
    ["a header", "http.request.header.authorization", ["x"], "REDACTED"],
    ["a key that is no field of a query", "key", "user:42", "user:42"],
    ["a status code", "code", "ECONNRESET", "ECONNRESET"],
    ["a count of tokens", "gen_ai.usage.input_tokens", 1200, 1200],
  ];
  for (const [title, name, value, redacted] of rows) {
    it(`has no secret: ${title}`, () => {
      const copy = structuredClone(value);
      assert.deepEqual(redactor.field(name, value), redacted);
      assert.deepEqual(value, copy, "the value is not modified");
    });
  }

  it("is the same object if it has no secrets", () => {
    const value = { a: [1, { b: "c" }], d: new Uint8Array(2) };
    assert.equal(redactor.field("x", value), value);
    assert.equal(redactor.attributes(value), value);
  });

  it("is cut off below a hundred levels", () => {
    let value: unknown = "deep";
    for (let depth = 0; depth < 20_000; depth++) value = [value];
    assert.doesNotThrow(() => redactor.field("x", value));
  });

  const added: readonly (readonly [
    title: string,
    config: Partial<RedactionConfig>,
    value: object,
    redacted: object,
  ])[] = [
    [
      "an added name in any spelling",
      { fields: ["nationalId"] },
      { national_id: "a", "National-ID": "b", id: "c" },
      { national_id: "REDACTED", "National-ID": "REDACTED", id: "c" },
    ],
    [
      "an added name of other letters than English",
      { fields: ["größe"] },
      { GRÖSSE: "a", größe: "b", gre: "c" },
      { GRÖSSE: "a", größe: "REDACTED", gre: "c" },
    ],
    [
      "an added name with an asterisk",
      { fields: ["*tax_number*"] },
      { myTaxNumberOld: "a", tax: "b" },
      { myTaxNumberOld: "REDACTED", tax: "b" },
    ],
    [
      "an added name, in texts and in queries",
      { fields: ["nationalId"] },
      {
        a: "national_id=X1 b",
        b: "GET https://h/p?nationalId=X1&c=2",
        "url.query": "nationalId=X1",
      },
      {
        a: "national_id=REDACTED b",
        b: "GET https://h/p?nationalId=REDACTED&c=2",
        "url.query": "nationalId=REDACTED",
      },
    ],
    [
      "an added path, and only there",
      { fields: ["user.address.street", "user.email"] },
      {
        user: { address: { street: "a", city: "b" } },
        "user.email": "c",
        address: { street: "d" },
      },
      {
        user: { address: { street: "REDACTED", city: "b" } },
        "user.email": "REDACTED",
        address: { street: "d" },
      },
    ],
    [
      "an added path, and what is in it",
      { fields: ["user.address"] },
      { user: { address: { street: "a" } }, "user.address.street": "b" },
      { user: { address: "REDACTED" }, "user.address.street": "REDACTED" },
    ],
    [
      "a path with an asterisk at its end",
      { fields: ["user.*"] },
      { user: { name: "a", x: { y: "b" } }, "user.name": "c", other: { name: "d" } },
      { user: { name: "REDACTED", x: "REDACTED" }, "user.name": "REDACTED", other: { name: "d" } },
    ],
    [
      "a path with an asterisk at its beginning",
      { fields: ["*.code"] },
      { a: { code: "x" }, code: "y", b: { c: { code: "z" } } },
      { a: { code: "REDACTED" }, code: "y", b: { c: { code: "z" } } },
    ],
    [
      "a path into a list",
      { fields: ["items[*].code"] },
      { items: [{ code: "a", n: 1 }, { code: "b" }] },
      { items: [{ code: "REDACTED", n: 1 }, { code: "REDACTED" }] },
    ],
    [
      "a part of a path's word",
      { fields: ["user.home*"] },
      { user: { homeCity: "a", city: "b" } },
      { user: { homeCity: "REDACTED", city: "b" } },
    ],
  ];
  for (const [title, config, value, redacted] of added) {
    it(`is secret by ${title}`, () => {
      assert.deepEqual(withConfig(config).attributes(value), redacted);
    });
  }

  it("is not secret by the name or the path of an exception", () => {
    const redacted = withConfig({ exceptions: ["session_id", "order.pin"] });
    const values = { sessionId: "a", "session.id": "b", order: { pin: "c" }, text: "sessionId=d" };
    const secrets = { password: "e", pin: "f11", text2: "pin=g11" };
    assert.deepEqual(redacted.attributes({ ...values, ...secrets }), {
      ...values,
      ...{ password: "REDACTED", pin: "REDACTED", text2: "pin=REDACTED" },
    });
  });

  it("is secret where a field is both an addition and an exception", () => {
    const both = withConfig({ fields: ["pin"], exceptions: ["pin"] });
    assert.deepEqual(both.attributes({ pin: "abc" }), { pin: "REDACTED" });
  });

  it("is read once or, if it has a secret, twice, however many fields there are", () => {
    for (const value of ["abc", "pin=1234"]) {
      const fields = Object.fromEntries(
        Array.from({ length: 50_000 }, (_, at) => [`n${at}`, value]),
      );
      let reads = 0;
      const counted = new Proxy(fields, {
        get(target, name) {
          reads++;
          return Reflect.get(target, name) as unknown;
        },
      });
      redactor.field("x", counted);
      assert.ok(reads <= 100_000, `${reads} reads`);
    }
  });

  it("has no secret in a field called __proto__", () => {
    const value = JSON.parse(
      '{"__proto__":"password=abc1","a":{"__proto__":"pin=1234"}}',
    ) as object;
    assert.equal(
      JSON.stringify(redactor.attributes(value)),
      '{"__proto__":"password=REDACTED","a":{"__proto__":"pin=REDACTED"}}',
    );
  });
});

describe("A pattern", () => {
  const redacted = withConfig({
    patterns: [
      { source: "EMP-\\d{4}", flags: "i" },
      { source: "q*", flags: "" },
      { source: "^0049\\d+$", flags: "" },
    ],
    exceptionPatterns: [{ source: "^(?:sk_test_|411111)", flags: "" }],
  });
  const rows: readonly (readonly [title: string, value: unknown, expected: unknown])[] = [
    ["is found wherever it is", "emp-1234, then EMP-99999", "REDACTED, then REDACTED9"],
    ["that does not match changes no number", [491, 4930123, 49n], [491, 4930123, 49n]],
    ["may match the empty text, which changes nothing", "abc qq d", "abc REDACTED d"],
    [
      "joins with the built-in policy where both find a secret",
      "password=EMP-1234-z Bearer EMP-1234a",
      "password=REDACTED Bearer REDACTED",
    ],
    [
      "can be an exception from the built-in policy",
      ["sk_test_Zk3vQ9xW7mP2", "sk_live_Zk3vQ9xW7mP2", "4111111111111111", 4111111111111111],
      ["sk_test_Zk3vQ9xW7mP2", "REDACTED", "4111111111111111", 4111111111111111],
    ],
    [
      "can be an exception of a field",
      { token: "sk_test_1", pin: "411111" },
      { token: "sk_test_1", pin: "411111" },
    ],
    [
      "applies within a URL",
      "http://h/p/EMP-1234?token=a1&b=EMP-1234",
      "http://h/p/REDACTED?token=REDACTED&b=REDACTED",
    ],
  ];
  for (const [title, value, expected] of rows) {
    it(title, () => assert.deepEqual(redacted.field("value", value), expected));
  }

  it("matches numbers as texts", () => {
    const digits = withConfig({ patterns: [{ source: "^7{3}$", flags: "" }] });
    assert.deepEqual(digits.field("a", [777, 7777, 777n]), ["REDACTED", 7777, "REDACTED"]);
  });

  it("is reported in one line if it can't take linear time, and the others apply", () => {
    const lines: string[] = [];
    const patterns = ["(a", "(?=a)b", String.raw`(a)\1`, String.raw`(?<n>a)\k<n>`, "b{2,1}", "EMP"];
    const config = {
      ...defaultRedaction,
      patterns: patterns.map((source) => ({ source, flags: "" })),
    };
    const some = createRedactor(config, (_key, line) => lines.push(line));
    assert.equal(lines.length, 5);
    for (const line of lines)
      assert.match(
        line,
        /^TELLTALE_REDACT: received "\/.+\/", expected a regular expression .*RE2/,
      );
    assert.equal(some.text("EMP a"), "REDACTED a");
  });
});

describe("Addresses", () => {
  const rows: readonly (readonly [text: string, emails: string, ips: string])[] = [
    ["to bob@example.com.", "to REDACTED.", "to bob@example.com."],
    ["a.b+c@x.co.uk,d@e.org", "REDACTED,REDACTED", "a.b+c@x.co.uk,d@e.org"],
    ["@decorator a@b @x.com", "@decorator a@b @x.com", "@decorator a@b @x.com"],
    ["from 10.0.0.7:443 to ::1", "from 10.0.0.7:443 to ::1", "from REDACTED:443 to REDACTED"],
    ["2001:db8::8a2e:370:7334.", "2001:db8::8a2e:370:7334.", "REDACTED."],
    ["at 12:30:45, v1.2.3", "at 12:30:45, v1.2.3", "at 12:30:45, v1.2.3"],
  ];
  for (const [text, emails, ips] of rows) {
    it(`are redacted if the configuration names them: ${text}`, () => {
      assert.equal(redactor.text(text), text);
      assert.equal(withConfig({ emailAddresses: true }).text(text), emails);
      assert.equal(withConfig({ ipAddresses: true }).text(text), ips);
    });
  }
});
