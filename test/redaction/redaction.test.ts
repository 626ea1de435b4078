import assert from "node:assert/strict";
import type { RedactionConfig } from "../../src/config/config.ts";
import { createRedactor } from "../../src/redaction/redactor.ts";
import { defaultRedaction, redactor } from "./default-redactor.ts";

const withConfig = (changes: Partial<RedactionConfig>) =>
  createRedactor({ ...defaultRedaction, ...changes });

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

  it("is secret by an added name in any spelling", () => {
    const { attributes } = withConfig({ fields: ["nationalId"] });
    assert.deepEqual(attributes({ national_id: "a", "National-ID": "b", id: "c" }), {
      national_id: "REDACTED",
      "National-ID": "REDACTED",
      id: "c",
    });
  });

  it("is secret by an added path, and only there", () => {
    const { attributes } = withConfig({ fields: ["user.address.street", "user.email"] });
    assert.deepEqual(
      attributes({
        user: { address: { street: "a", city: "b" } },
        "user.email": "c",
        address: { street: "d" },
      }),
      {
        user: { address: { street: "REDACTED", city: "b" } },
        "user.email": "REDACTED",
        address: { street: "d" },
      },
    );
  });

  it("is not secret by the name of an exception", () => {
    const { attributes } = withConfig({ exceptions: ["session_id"] });
    const values = { sessionId: "a", "session.id": "b", password: "c" };
    assert.deepEqual(attributes(values), { ...values, password: "REDACTED" });
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
