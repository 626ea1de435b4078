import assert from "node:assert/strict";
import { parseGracefulShutdown } from "../../src/config/graceful-shutdown.ts";
import type { ValueIssue } from "../../src/config/issue.ts";

const ENTRIES = "wait=DURATION below the deadline, readiness=fail, or readiness=keep";
const DEADLINE = "true, false, or a deadline such as 25s";
const NONE = "no graceful shutdown";

/** A text, and its deadline, wait and readiness; undefined: none. */
const valid: readonly (readonly [string, readonly [number, number, string] | undefined])[] = [
  ["true", [25_000, 10_000, "fail"]],
  ["false", undefined],
  ["25s", [25_000, 10_000, "fail"]],
  ["8000", [8000, 3200, "fail"]],
  ["8000ms", [8000, 3200, "fail"]],
  ["1.5s,wait=0", [1500, 0, "fail"]],
  ["2m, wait=15s, readiness=keep", [120_000, 15_000, "keep"]],
  ["true,readiness=keep", [25_000, 10_000, "keep"]],
];

const invalid: readonly (readonly [
  string,
  ValueIssue,
  readonly [number, number, string] | undefined,
])[] = [
  ["yes", { received: '"yes"', expected: DEADLINE, used: NONE }, undefined],
  ["0s", { received: '"0s"', expected: DEADLINE, used: NONE }, undefined],
  ["-5s", { received: '"-5s"', expected: DEADLINE, used: NONE }, undefined],
  ["99999999m", { received: '"99999999m"', expected: DEADLINE, used: NONE }, undefined],
  [
    "25s,wait=25s",
    { received: '"wait=25s"', expected: ENTRIES, used: "wait=10000ms" },
    [25_000, 10_000, "fail"],
  ],
  [
    "25s,readiness=503",
    { received: '"readiness=503"', expected: ENTRIES, used: "readiness=fail" },
    [25_000, 10_000, "fail"],
  ],
  [
    "25s,delay=1s",
    { received: '"delay=1s"', expected: ENTRIES, used: "wait=10000ms" },
    [25_000, 10_000, "fail"],
  ],
];

function settingsOf(text: string, issues: ValueIssue[]): readonly unknown[] | undefined {
  const parsed = parseGracefulShutdown(text, (issue) => issues.push(issue));
  return parsed && [parsed.deadlineMs, parsed.waitMs, parsed.readiness];
}

describe("TELLTALE_GRACEFUL_SHUTDOWN", () => {
  for (const [text, settings] of valid) {
    it(`accepts ${text}`, () => {
      const issues: ValueIssue[] = [];
      assert.deepEqual(settingsOf(text, issues), settings);
      assert.deepEqual(issues, []);
    });
  }

  for (const [text, issue, settings] of invalid) {
    it(`reports ${text}`, () => {
      const issues: ValueIssue[] = [];
      assert.deepEqual(settingsOf(text, issues), settings);
      assert.deepEqual(issues, [issue]);
    });
  }
});
