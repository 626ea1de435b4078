import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Diagnostics } from "../../../src/diagnostics/diagnostics.ts";
import { compressBackups } from "../../../src/logs/files/compression.ts";
import { pollUntilTrue } from "../../until.ts";

/** More than one part. */
const text = "a line of a log file\n".repeat(150_000);

describe("The compression of rotated files", () => {
  let folder: string;
  let messages: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-compression-"));
    messages = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (name: string, content: string, ageSeconds = 3600): void => {
    const path = join(folder, name);
    writeFileSync(path, content);
    const time = Date.now() / 1000 - ageSeconds;
    utimesSync(path, time, time);
  };
  const compress = (): void => {
    const diagnostics = new Diagnostics("info", (message) => messages.push(message));
    compressBackups(join(folder, "application.log"), diagnostics, 20);
  };
  const names = (): readonly string[] => readdirSync(folder).toSorted();
  const waitForNames = (expected: readonly string[]): Promise<void> =>
    pollUntilTrue(
      () => names().join() === expected.join(),
      () => `${expected.join()} instead of ${names().join()}`,
    );

  it("replaces each rotated file by a gzip file with the same content", async () => {
    write("application.log", "current");
    write("application.log.1", text);
    write("application.log.2", "short\n");
    compress();
    await waitForNames(["application.log", "application.log.1.gz", "application.log.2.gz"]);
    const [first, second] = [1, 2].map((number) =>
      gunzipSync(readFileSync(join(folder, `application.log.${number}.gz`))).toString(),
    );
    assert.ok(first === text, `${first?.length} characters`);
    assert.equal(second, "short\n");
    assert.deepEqual(messages, []);
  });

  it("deletes the original that a killed process has left beside its compressed file", async () => {
    write("application.log.1", "one\n");
    write("application.log.1.gz", "compressed");
    compress();
    await waitForNames(["application.log.1.gz"]);
    assert.equal(readFileSync(join(folder, "application.log.1.gz"), "utf8"), "compressed");
  });

  it("starts again what a killed process has not finished", async () => {
    write("application.log.1", "one\n");
    write("application.log.1.gz.tmp", "unfinished");
    compress();
    await waitForNames(["application.log.1.gz"]);
    assert.equal(
      gunzipSync(readFileSync(join(folder, "application.log.1.gz"))).toString(),
      "one\n",
    );
  });

  it("leaves a file alone that another process is compressing", async () => {
    write("application.log.1", "one\n");
    write("application.log.1.gz.tmp", "in work", 0);
    write("application.log.2", "two\n");
    compress();
    await pollUntilTrue(() => existsSync(join(folder, "application.log.2.gz")), "the second file");
    assert.deepEqual(names(), [
      "application.log.1",
      "application.log.1.gz.tmp",
      "application.log.2.gz",
    ]);
    // So that it ends.
    rmSync(join(folder, "application.log.1"));
    rmSync(join(folder, "application.log.1.gz.tmp"));
  });
});
