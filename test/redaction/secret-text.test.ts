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

  it("loses all of several secrets, and nothing else", () => {
    assert.equal(
      redactText("user=bob password=a1 url=https://x:y@host/ Bearer abcd1234 4111111111111111 end"),
      "user=bob password=REDACTED url=https://REDACTED@host/ Bearer REDACTED REDACTED end",
    );
  });
});
