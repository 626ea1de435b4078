import assert from "node:assert/strict";
import { mock } from "node:test";
import type { LogLevel } from "../../src/config/config.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";

const methods = ["error", "warn", "info", "debug"] as const;

/** A log level, and the methods that write with it. */
const levels: readonly (readonly [LogLevel, readonly (typeof methods)[number][]])[] = [
  ["none", []],
  ["error", ["error"]],
  ["warn", ["error", "warn"]],
  ["info", ["error", "warn", "info"]],
  ["debug", methods],
  ["verbose", methods],
  ["all", methods],
];

/** A message, and the line that is written. */
const messages: readonly (readonly [title: string, message: string, line: string])[] = [
  ["a plain message unchanged", "port 1 is in use", "telltale: port 1 is in use\n"],
  [
    "a message with line breaks on one line",
    "no such module\nRequire stack:\n- a",
    "telltale: no such module\\nRequire stack:\\n- a\n",
  ],
  [
    "control characters as escapes",
    "answered \u001b]0;x\u0007\u202e",
    "telltale: answered \\u001b]0;x\\u0007\\u202e\n",
  ],
  ["a long message truncated", "x".repeat(60_000), `telltale: ${"x".repeat(2000)}…\n`],
];

describe("Diagnostics", () => {
  let lines: string[];
  let now: number;
  const create = (level: LogLevel): Diagnostics =>
    new Diagnostics(level, (text) => lines.push(text));
  beforeEach(() => {
    lines = [];
    now = 1000;
    mock.method(performance, "now", () => now);
  });
  afterEach(() => mock.restoreAll());

  for (const [title, message, line] of messages) {
    it(`writes ${title}`, () => {
      create("info").warn("key", message);
      assert.deepEqual(lines, [line]);
    });
  }

  for (const [level, written] of levels) {
    it(`writes ${written.join(", ") || "nothing"} at the level ${level}`, () => {
      const diagnostics = create(level);
      for (const method of methods) diagnostics[method](method, method);
      assert.deepEqual(
        lines,
        written.map((method) => `telltale: ${method}\n`),
      );
    });
  }

  it("writes a key once a minute", () => {
    const diagnostics = create("info");
    for (const elapsedMs of [0, 59_999, 60_000, 60_001]) {
      now = 1000 + elapsedMs;
      diagnostics.warn("export", `after ${elapsedMs}`);
    }
    assert.deepEqual(lines, ["telltale: after 0\n", "telltale: after 60000\n"]);
  });

  it("limits each key by itself, whatever the level and the message", () => {
    const diagnostics = create("info");
    diagnostics.warn("spans", "a");
    diagnostics.error("spans", "b");
    diagnostics.warn("logs", "c");
    assert.deepEqual(lines, ["telltale: a\n", "telltale: c\n"]);
  });

  it("does not count a line that its level suppresses", () => {
    const diagnostics = create("warn");
    diagnostics.debug("key", "suppressed");
    diagnostics.warn("key", "written");
    assert.deepEqual(lines, ["telltale: written\n"]);
  });

  it("does not throw if stderr is closed", () => {
    const diagnostics = new Diagnostics("info", () => assert.fail("EPIPE"));
    diagnostics.error("key", "message");
  });
});
