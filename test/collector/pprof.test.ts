import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { exportProfile } from "../../src/viewer/profiles/export-profile.ts";
import { recordAllocations, recordCpu } from "../viewer/profiles/planted.ts";

const run = promisify(execFile);

/** What `go tool pprof -top` prints, for each kind of profile. */
const ROWS = [
  { title: "time of CPU", record: recordCpu, planted: "plantedHot", type: "cpu" },
  { title: "bytes", record: recordAllocations, planted: "plantedAllocation", type: "alloc_space" },
];

describe("A profile in pprof's format", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-pprof-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const { title, record, planted, type } of ROWS) {
    it(`is read by go tool pprof, with its ${title}`, async () => {
      const file = join(folder, `${type}.pb.gz`);
      writeFileSync(file, exportProfile(record(), "pprof")!.content);
      const { stdout } = await run("go", ["tool", "pprof", "-top", file]);
      assert.match(stdout, new RegExp(`^Type: ${type}$`, "m"));
      assert.match(stdout, new RegExp(`^ +\\d.* ${planted}$`, "m"));
    });
  }
});
