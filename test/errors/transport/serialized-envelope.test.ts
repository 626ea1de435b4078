import assert from "node:assert/strict";
import type { Envelope } from "@sentry/core";
import { serializedEnvelope } from "../../../src/errors/transport/serialized-envelope.ts";

const HALF = "\ud83d";
const REPLACED = "\ufffd";

const rows: readonly (readonly [title: string, text: string, expected: string])[] = [
  ["keeps a text", "order 7", "order 7"],
  ["keeps a surrogate pair", "a 😀", "a 😀"],
  ["replaces the first half of a pair", `a${HALF}`, `a${REPLACED}`],
  ["replaces the second half of a pair", "\udc00a", `${REPLACED}a`],
  ["replaces both halves in the wrong order", "\udc00\ud83d", `${REPLACED}${REPLACED}`],
  ["keeps the text of an escape", String.raw`\ud83d`, String.raw`\ud83d`],
  ["replaces a half behind a backslash", `\\${HALF}`, `\\${REPLACED}`],
];

describe("The serialisation of an envelope", () => {
  for (const [title, text, expected] of rows) {
    it(title, () => {
      const [, , payload] = linesOf([{ type: "event" }, { message: text, [text]: 1 }]);
      assert.deepEqual(JSON.parse(payload ?? ""), { message: expected, [expected]: 1 });
    });
  }

  it("keeps an attachment beside an event with half a pair", () => {
    const attachment = [{ type: "attachment", length: 8 }, String.raw`a \ud83d`];
    const [, , , , text] = linesOf([{ type: "event" }, { message: HALF }], attachment);
    assert.equal(text, String.raw`a \ud83d`);
  });

  it("replaces a half in a circular object", () => {
    const circle: Record<string, unknown> = { text: HALF };
    circle["self"] = circle;
    const [, , payload] = linesOf([{ type: "event" }, { circle }]);
    assert.ok(payload?.includes(String.raw`\ufffd`) === true && payload.includes("[Circular ~]"));
  });
});

function linesOf(...items: readonly (readonly unknown[])[]): readonly string[] {
  const bytes = serializedEnvelope([{}, items] as unknown as Envelope);
  return Buffer.from(bytes).toString().split("\n");
}
