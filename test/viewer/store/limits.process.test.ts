import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleForTest, type TestBundle } from "../../bundle.ts";
import { Program } from "../../integration/program.ts";
import type { LoadReport } from "./fixtures/load.ts";

const MiB = 1024 * 1024;

/** The long run (`TEST_LONG=1`) has the default limits of the viewer. */
const isLong = process.env["TEST_LONG"] === "1";
const load = isLong
  ? { requests: 100_000, maxUnits: 20_000, maxBytes: 256 * MiB }
  : { requests: 16_000, maxUnits: 2000, maxBytes: 8 * MiB };

/**
 * The write-ahead log and its index, beside the file. SQLite copies the log to the file once it
 * has 4 MiB, after a transaction; on a busy machine one transaction has several MiB.
 */
const WAL_BYTES = 12 * MiB;

describe(`The store of the viewer, after ${load.requests} requests`, () => {
  let bundle: TestBundle;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "telltale-load-"));
    bundle = await bundleForTest("viewer-load", {
      load: join(import.meta.dirname, "fixtures", "load.ts"),
    });
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await bundle.remove();
  });

  it("has a constant size, in memory and on disk", async () => {
    const { requests, maxUnits, maxBytes } = load;
    const program = new Program({
      ...{ file: bundle.path("load"), flags: ["--expose-gc"] },
      args: [folder, requests, maxUnits, maxBytes].map(String),
    });
    const { code, stdout, stderr } = await program.ended;
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    const report = JSON.parse(stdout) as LoadReport;
    if (isLong) console.log(report);
    assert.ok(report.units <= maxUnits && report.units >= maxUnits / 3, stdout);
    assert.ok(report.diskBytes <= maxBytes + WAL_BYTES, stdout);
    assert.ok(report.heap.end <= report.heap.full * 1.25 + 4 * MiB, stdout);
    assert.ok(report.rss.end <= report.rss.full * 1.25 + 64 * MiB, stdout);
  });
});
