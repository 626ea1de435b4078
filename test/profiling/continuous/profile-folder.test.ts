import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Diagnostics } from "../../../src/diagnostics/diagnostics.ts";
import { type ProfileFile, profileName } from "../../../src/profiling/continuous/profile-file.ts";
import {
  MAX_BYTES,
  MAX_FILES,
  ProfileFolder,
  superfluous,
} from "../../../src/profiling/continuous/profile-folder.ts";

function fileAt(startMs: number): ProfileFile {
  const name = profileName("cpu", startMs, "shop");
  return { kind: "cpu", name, content: Buffer.from("content"), startMs, endMs: startMs + 1 };
}

function entry(startMs: number, bytes: number) {
  return { name: fileAt(startMs).name, bytes, changedMs: startMs };
}

describe("A folder of profiles", () => {
  let parent: string;
  let path: string;
  let lines: string[];
  let folder: ProfileFolder;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "telltale-profiles-"));
    path = join(parent, "profiles");
    lines = [];
    folder = new ProfileFolder(path, new Diagnostics("info", (line) => void lines.push(line)));
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  it("has names that sort by time, and only characters that are safe", () => {
    const [first, second] = [profileName("cpu", 999, "a/../b c"), profileName("heap", 1_000, "")];
    assert.equal(first, `19700101T000000999Z-a_.._b_c-${process.pid}-cpu.pb.gz`);
    assert.equal(second, `19700101T000001000Z-app-${process.pid}-heap.pb.gz`);
  });

  it("keeps the latest files within both limits, whatever else is there", () => {
    const names = (count: number, bytes: number) =>
      Array.from({ length: count }, (_, at) => entry(at * 1_000, bytes));
    assert.deepEqual(superfluous(names(MAX_FILES, 1)), []);
    assert.deepEqual(superfluous(names(MAX_FILES + 2, 1)), [fileAt(1_000).name, fileAt(0).name]);
    assert.deepEqual(superfluous(names(3, MAX_BYTES / 2)), [fileAt(0).name]);
  });

  it("removes what another process has not completed, after some minutes, and nothing of others", async () => {
    mkdirSync(path);
    const abandoned = { name: `.${fileAt(0).name}.tmp`, bytes: 1, changedMs: 0 };
    assert.deepEqual(superfluous([abandoned], 60_000), []);
    assert.deepEqual(superfluous([abandoned], 3_600_000), [abandoned.name]);
    for (let at = 0; at < MAX_FILES; at++) writeFileSync(join(path, fileAt(at).name), "");
    writeFileSync(join(path, "00000000T000000000Z.txt"), "");
    assert.deepEqual(await folder.deliver(fileAt(100_000)), { status: "sent" });
    const found = readdirSync(path);
    assert.equal(found.length, MAX_FILES + 1);
    assert.ok(found.includes("00000000T000000000Z.txt") && !found.includes(fileAt(0).name));
    assert.equal(readFileSync(join(path, fileAt(100_000).name), "utf8"), "content");
  });

  it("is reported once while it can't be written, and once when it can again", async () => {
    writeFileSync(path, "");
    assert.deepEqual(await folder.deliver(fileAt(0)), { status: "failed" });
    assert.deepEqual(await folder.deliver(fileAt(1)), { status: "failed" });
    rmSync(path);
    assert.deepEqual(await folder.deliver(fileAt(2)), { status: "sent" });
    assert.deepEqual(lines, [
      `telltale: cannot write profiles to "${path}": it is no folder (ENOTDIR) (dropped and counted until it works)\n`,
      `telltale: writing profiles to "${path}" works again; lost: 2 profiles\n`,
    ]);
  });

  it("writes at the end of the process, and removes old files there too", () => {
    mkdirSync(path);
    for (let at = 0; at < MAX_FILES; at++) writeFileSync(join(path, fileAt(at).name), "");
    const results: boolean[] = [];
    folder.deliverAtExit(
      () => fileAt(100_000),
      (isSent) => results.push(isSent),
    );
    assert.deepEqual(results, [true]);
    const found = readdirSync(path);
    assert.equal(found.length, MAX_FILES);
    assert.ok(found.includes(fileAt(100_000).name));
  });
});
