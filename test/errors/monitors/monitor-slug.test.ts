import assert from "node:assert/strict";
import { monitorSlugOf } from "../../../src/errors/monitors/monitor-slug.ts";

/** As Django's `slugify`, which Sentry uses. */
const rows: readonly (readonly [name: string, slug: string])[] = [
  ["nightly-report", "nightly-report"],
  ["Nightly Report", "nightly-report"],
  ["nightly_report", "nightly_report"],
  ["  --Nightly   -  report_- ", "nightly-report"],
  ["orders.sync:all", "orderssyncall"],
  ["Übersicht für José", "ubersicht-fur-jose"],
  ["sync-*", "sync"],
  ["2fa-cleanup", "2fa-cleanup"],
  ["x".repeat(60), "x".repeat(50)],
  [`${"x".repeat(49)}-y`, "x".repeat(49)],
  ["2024", ""],
  ["日本語", ""],
  ["---", ""],
  ["", ""],
];

describe("The slug of a monitor", () => {
  for (const [name, slug] of rows) {
    it(`of "${name}" is "${slug}"`, () => {
      assert.equal(monitorSlugOf(name), slug);
    });
  }
});
