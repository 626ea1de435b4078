import assert from "node:assert/strict";
import { newSpanId, newTraceId, newUuid } from "../../src/traces/ids.ts";

describe("Ids", () => {
  const kinds = [
    ["a trace's", newTraceId, /^[0-9a-f]{32}$/],
    ["a span's", newSpanId, /^[0-9a-f]{16}$/],
    [
      "a request's",
      newUuid,
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    ],
  ] as const;
  for (const [title, make, form] of kinds) {
    it(`have the right form and don't repeat: ${title}`, () => {
      // More than one filled pool.
      const ids = Array.from({ length: 5000 }, make);
      for (const id of ids) assert.match(id, form);
      assert.equal(new Set(ids).size, ids.length);
    });
  }
});
