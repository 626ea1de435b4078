import assert from "node:assert/strict";
import { redactText } from "../../src/redaction/secret-text.ts";
import { harmlessTexts, plantedSecrets } from "./secrets.ts";

describe("A text", () => {
  it("is tested with 40 kinds of secrets in 150 places, and with 200 texts without secrets", () => {
    assert.ok(plantedSecrets.length >= 40, `${plantedSecrets.length} kinds`);
    const places = plantedSecrets.flatMap(({ texts }) => texts);
    assert.ok(places.length >= 150, `${places.length} places`);
    assert.ok(new Set(harmlessTexts).size >= 200, `${new Set(harmlessTexts).size} texts`);
  });

  for (const { kind, secret, texts } of plantedSecrets) {
    for (const text of texts) {
      it(`has no secret: ${kind} in ${JSON.stringify(text)}`, () => {
        const redacted = redactText(text.replace("*", () => secret));
        assert.ok(!redacted.includes(secret), redacted);
        assert.match(redacted, /REDACTED/);
        const [before = "", after = ""] = text.split("*");
        assert.ok(redacted.startsWith(before.slice(0, 4)), `the text before it: ${redacted}`);
        assert.ok(redacted.endsWith(after.slice(-4)), `the text after it: ${redacted}`);
        assert.equal(redactText(redacted), redacted, "again");
      });
    }
  }

  for (const text of new Set(harmlessTexts)) {
    it(`stays the same: ${JSON.stringify(text)}`, () => assert.equal(redactText(text), text));
  }

  const escaped: readonly (readonly [text: string, redacted: string])[] = [
    ["note=password%3Dhunter2!&a=1", "note=REDACTED&a=1"],
    ["note=Bearer+abcd1234&a=b+c", "note=REDACTED&a=b+c"],
    ["/pay/4111%201111%201111%201111/x%20y", "/pay/REDACTED/x%20y"],
    ["%7B%22password%22%3A%22abc1%22%7D", "REDACTED"],
    ["http://h/p?x=pin%3D1234#y", "http://h/p?x=REDACTED"],
    ["100%25 of 50%, %zz, a+b=c, +49 30 1234", "100%25 of 50%, %zz, a+b=c, +49 30 1234"],
  ];
  for (const [text, redacted] of escaped) {
    it(`loses what is secret after it is decoded: ${text}`, () => {
      assert.equal(redactText(text), redacted);
    });
  }

  const urls: readonly (readonly [url: string, redacted: string])[] = [
    ["https://app.example/#access_token=abc&a=1", "https://app.example/#access_token=REDACTED&a=1"],
    ["https://h/pay/4111111111111111?a=1", "https://h/pay/REDACTED?a=1"],
    ["https://h/?to=DE89370400440532013000&b", "https://h/?to=REDACTED&b"],
    ["http://auth:8080/a?page=2", "http://auth:8080/a?page=2"],
    ["http://REDACTED:REDACTED@h/a?b=1", "http://REDACTED:REDACTED@h/a?b=1"],
    ["http://token/session?x=http://auth:80/", "http://token/session?x=http://auth:80/"],
  ];
  for (const [url, redacted] of urls) {
    it(`loses what is secret in any part of a URL: ${url}`, () => {
      assert.equal(redactText(`at ${url} now`), `at ${redacted} now`);
    });
  }

  const literals: readonly (readonly [sql: string, redacted: string])[] = [
    ["SELECT 'pin: ''80513942''' AS a", "SELECT 'pin: ''REDACTED''' AS a"],
    ["SELECT 'pin: ''''' AS a, 'b'", "SELECT 'pin: ''''' AS a, 'b'"],
    ["password='' AND b='c1'", "password='' AND b='c1'"],
  ];
  for (const [sql, redacted] of literals) {
    it(`loses what is secret in a literal of SQL: ${sql}`, () => {
      assert.equal(redactText(sql), redacted);
    });
  }

  it("loses all of several secrets, and nothing else", () => {
    assert.equal(
      redactText("user=bob password=a1 url=https://x:y@host/ Bearer abcd1234 4111111111111111 end"),
      "user=bob password=REDACTED url=https://REDACTED@host/ Bearer REDACTED REDACTED end",
    );
  });
});
