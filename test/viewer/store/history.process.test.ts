import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UnitSummary } from "../../../src/viewer/model.ts";
import { openStore } from "../../../src/viewer/store/telemetry-store.ts";
import { bundleForTest, type TestBundle } from "../../bundle.ts";
import { Program } from "../../integration/program.ts";
import { node, nodes } from "../../nodes.ts";

describe("The history of the viewer, over processes", () => {
  let bundle: TestBundle;
  let folder: string;

  before(async () => {
    bundle = await bundleForTest("viewer-store", {
      writer: join(import.meta.dirname, "fixtures", "writer.ts"),
    });
  });
  after(() => bundle.remove());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-history-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(digit: string, count: number, end = "", program: string = node): Program {
    return new Program({
      ...{ file: bundle.path("writer"), node: program },
      args: [folder, digit, String(count), end],
    });
  }

  function readHistory(): readonly UnitSummary[] {
    const store = openStore({ projectFolder: folder, readOnly: true });
    try {
      return store.units({ limit: 1000 }).items;
    } finally {
      store.close();
    }
  }

  for (const { name, path } of nodes) {
    it(`is on disk on Node ${name}, without a line on stderr`, async () => {
      const { code, stdout, stderr } = await write("1", 10, "", path).ended;
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "written\n", stderr: "" });
      assert.equal(readHistory().length, 10);
    });
  }

  it("is in memory, with one line, where Node has no SQLite", async () => {
    const program = new Program({
      ...{ file: bundle.path("writer"), flags: ["--no-experimental-sqlite"] },
      args: [folder, "1", "10"],
    });
    const { code, stdout } = await program.ended;
    assert.equal(code, 0);
    assert.match(stdout, /^message: this Node has no node:sqlite.*\nwritten\n$/);
    assert.ok(!existsSync(join(folder, ".telltale")));
  });

  it("has all requests of two processes that write at the same time", async () => {
    const results = await Promise.all(["1", "2", "3"].map((digit) => write(digit, 300).ended));
    for (const { code, stdout, stderr } of results) {
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "written\n", stderr: "" });
    }
    const counts = ["1", "2", "3"].map(
      (digit) => readHistory().filter(({ name }) => name === `GET /${digit}`).length,
    );
    assert.deepEqual(counts, [300, 300, 300]);
  });

  it("has what was written before the process was killed", async () => {
    const program = write("1", 200, "wait");
    await program.waitForStdout((stdout) => stdout.includes("written") || undefined);
    program.kill("SIGKILL");
    await program.ended;
    assert.equal(readHistory().length, 200);
    const { stdout } = await write("2", 5).ended;
    assert.equal(stdout, "written\n");
    assert.equal(readHistory().length, 205);
  });

  it("goes on in memory, with one line, where the disk takes no more", async () => {
    // The limit of a file's size is that of a full disk for one process.
    const limited = 'trap "" XFSZ; ulimit -f 4000; exec "$@"';
    const args = ["-c", limited, "sh", node, bundle.path("writer"), folder, "1", "3000", ""];
    const { code, stdout, stderr } = await run("sh", args);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    assert.match(
      stdout,
      /^message: the history .*can't be written \(.*\); it goes on in memory\nwritten\n$/,
    );
    assert.ok(statSync(join(folder, ".telltale", "history.db")).size <= 4000 * 512);
    assert.ok(readHistory().length > 0);
  });
});

function run(
  command: string,
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(command, args, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}
