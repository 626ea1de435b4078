import assert from "node:assert/strict";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";

describe("A line of ours", () => {
  const rows: readonly (readonly [title: string, message: string, written: string])[] = [
    ["is written as it is", "port 1 is in use", "telltale: port 1 is in use\n"],
    [
      "stays one line",
      "no such module\nRequire stack:\n- a",
      "telltale: no such module\\nRequire stack:\\n- a\n",
    ],
    [
      "steers no terminal",
      "answered \u001b]0;x\u0007\u202e",
      "telltale: answered \\u001b]0;x\\u0007\\u202e\n",
    ],
    ["is cut", "x".repeat(60_000), `telltale: ${"x".repeat(2000)}…\n`],
  ];
  for (const [title, message, written] of rows) {
    it(title, () => {
      const lines: string[] = [];
      new Diagnostics("info", (text) => lines.push(text)).warn("key", message);
      assert.deepEqual(lines, [written]);
    });
  }
});
