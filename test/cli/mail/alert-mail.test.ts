import assert from "node:assert/strict";
import { subjectOf } from "../../../src/cli/mail/alert-mail.ts";

const rows: readonly (readonly [title: string, message: string, subject: string])[] = [
  ["a short message", "backup failed", "CRITICAL: backup failed"],
  ["the first line", "  backup failed\r\nBcc: a@b.example", "CRITICAL: backup failed"],
  ["the first words", `${"word ".repeat(24)}cut`, `CRITICAL: ${"word ".repeat(24).trimEnd()}…`],
  ["a word without end", "x".repeat(200), `CRITICAL: ${"x".repeat(120)}…`],
  ["no half of a character", `${"x".repeat(119)}😀`, `CRITICAL: ${"x".repeat(119)}…`],
];

describe("The subject of an alert", () => {
  for (const [title, message, subject] of rows)
    it(`has the severity and ${title}`, () =>
      assert.equal(subjectOf({ severity: "critical", message }), subject));
});
