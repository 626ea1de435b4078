import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { text } from "node:stream/consumers";
import { MANIFEST } from "../../../src/cli/ops/folder.ts";
import { launcherOrSkip } from "../../programs.ts";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const RULES = "prometheus/alerts.yaml";

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in a folder, with a wrapper such as `unshare` before it. */
function run(
  folder: string,
  args: readonly string[] = [],
  wrapper: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Result {
  const [program = "", ...rest] = [...wrapper, process.execPath, cli, "ops", ...args];
  const { status, stdout, stderr } = spawnSync(program, rest, {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** Returns the texts of a folder, by their paths. A symbolic link has its target. */
function contentOf(folder: string): Readonly<Record<string, string>> {
  const paths = readdirSync(folder, { recursive: true }).map(String).toSorted();
  return Object.fromEntries(
    paths.flatMap((path) => {
      const stats = lstatSync(join(folder, path));
      if (stats.isDirectory()) return [[path, ""]];
      return stats.isFile()
        ? [[path, readFileSync(join(folder, path), "utf8")]]
        : [[path, "other"]];
    }),
  );
}

/** What is in the way of a file, and the only line about it. */
const obstacles: readonly {
  readonly title: string;
  readonly make: (folder: string) => void;
  readonly line: string;
  /** Whether the folder has to be written before. */
  readonly isEmpty?: true;
}[] = [
  {
    title: "a file in place of the folder",
    make: (folder) => writeFileSync(join(folder, "ops"), "mine"),
    line: "ops: can't be read: ops is no folder",
    isEmpty: true,
  },
  {
    title: "a file in place of a folder in it",
    make(folder) {
      mkdirSync(join(folder, "ops"));
      writeFileSync(join(folder, "ops/prometheus"), "mine");
    },
    line: "ops: can't be read: ops/prometheus is no folder",
    isEmpty: true,
  },
  {
    title: "a folder in place of a file",
    make(folder) {
      rmSync(join(folder, "ops", RULES));
      mkdirSync(join(folder, "ops", RULES));
    },
    line: `ops: can't be read: ops/${RULES} is no file`,
  },
  {
    title: "a pipe in place of a file",
    make(folder) {
      rmSync(join(folder, "ops", RULES));
      assert.equal(spawnSync("mkfifo", [join(folder, "ops", RULES)]).status, 0);
    },
    line: `ops: can't be read: ops/${RULES} is no file`,
  },
  {
    title: "a symbolic link in place of a folder",
    make(folder) {
      rmSync(join(folder, "ops/prometheus"), { recursive: true });
      mkdirSync(join(folder, "elsewhere"));
      symlinkSync("../elsewhere", join(folder, "ops/prometheus"));
    },
    line: "ops: can't be read: ops/prometheus is a symbolic link",
  },
  ...["", "{", "[]", "null", '"text"', "{}", '{"files":3}'].map((manifest) => ({
    title: `a manifest that is ${JSON.stringify(manifest)}`,
    make: (folder: string) => writeFileSync(join(folder, "ops", MANIFEST), manifest),
    line: "ops: can't be read: ops/manifest.json is not as it was written; restore it, or remove it: then what differs counts as changed by hand",
  })),
];

describe("telltale ops", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-ops-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("writes a folder once, which is current then", () => {
    const first = run(folder);
    assert.equal(first.stderr, "");
    const [, count] = /^ops: (\d+) files, \1 changed\n$/.exec(first.stdout) ?? [];
    assert.ok(Number(count) > 20, first.stdout);
    assert.equal(first.status, 0);
    const before = contentOf(folder);
    assert.deepEqual(run(folder), {
      status: 0,
      stdout: `ops: ${count} files, 0 changed\n`,
      stderr: "",
    });
    assert.deepEqual(contentOf(folder), before);
    assert.deepEqual(run(folder, ["--check"]), {
      status: 0,
      stdout: `ops: ${count} files are current\n`,
      stderr: "",
    });
  });

  it("writes the same files in another language and time zone, and without any network", function () {
    assert.equal(run(folder, ["--out", "a"]).status, 0);
    const env = { LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8", TZ: "Pacific/Chatham" };
    // A network namespace has not even a loopback interface that is up.
    const wrapper = ["unshare", "-rn"];
    launcherOrSkip(this, wrapper);
    const { status, stderr } = run(folder, ["--out", "b"], wrapper, env);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    assert.deepEqual(contentOf(join(folder, "b")), contentOf(join(folder, "a")));
  });

  it("takes less than two seconds of CPU for an empty folder", () => {
    const script = "TIMEFORMAT='%U %S'; time \"$@\" > /dev/null";
    const { stderr } = run(folder, [], ["bash", "-c", script, "bash"]);
    const seconds = stderr.trim().split(" ").map(Number);
    assert.ok(seconds.length === 2 && seconds[0]! + seconds[1]! < 2, stderr);
  });

  it("leaves files that were changed by hand, and names each", () => {
    assert.equal(run(folder).status, 0);
    const names = ["runbooks/ServiceDown.md", RULES];
    for (const name of names) writeFileSync(join(folder, "ops", name), "mine\n");
    rmSync(join(folder, "ops/tests"), { recursive: true });
    const before = contentOf(folder);
    const lines = names
      .toSorted()
      .map(
        (name) =>
          `ops/${name}: changed by hand; move the change to telltale.ops.yaml, or replace it with --force`,
      );
    const report = lines.map((line) => `telltale: ${line}\n`).join("");
    assert.deepEqual(run(folder), { status: 1, stdout: "", stderr: report });
    const json = run(folder, ["--json"]);
    assert.deepEqual([json.status, json.stderr], [1, report]);
    assert.deepEqual(JSON.parse(json.stdout), { status: "failed", problems: lines });
    assert.deepEqual(contentOf(folder), before);
    assert.equal(run(folder, ["--force"]).status, 0);
    assert.equal(run(folder, ["--check"]).status, 0);
  });

  it("replaces a symbolic link by --force, and leaves what it leads to", () => {
    assert.equal(run(folder).status, 0);
    const text = readFileSync(join(folder, "ops", RULES), "utf8");
    rmSync(join(folder, "ops", RULES));
    writeFileSync(join(folder, "mine"), text);
    symlinkSync("../../mine", join(folder, "ops", RULES));
    const refused = run(folder);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /^telltale: ops\/prometheus\/alerts\.yaml: changed by hand/);
    assert.equal(run(folder, ["--force"]).status, 0);
    assert.ok(lstatSync(join(folder, "ops", RULES)).isFile());
    assert.equal(readFileSync(join(folder, "mine"), "utf8"), text);
  });

  for (const { title, make, line, isEmpty } of obstacles) {
    it(`changes nothing, and has one line about ${title}`, () => {
      if (isEmpty !== true) assert.equal(run(folder).status, 0);
      make(folder);
      const before = contentOf(folder);
      for (const args of [[], ["--check"], ["--force"]]) {
        assert.deepEqual(run(folder, args), {
          status: 1,
          stdout: "",
          stderr: `telltale: ${line}\n`,
        });
        assert.deepEqual(contentOf(folder), before);
      }
    });
  }

  it("removes only files that it has written into the folder, whatever the manifest names", () => {
    assert.equal(run(folder).status, 0);
    writeFileSync(join(folder, "mine"), "mine");
    writeFileSync(join(folder, "ops", "mine"), "mine");
    const path = join(folder, "ops", MANIFEST);
    const manifest = JSON.parse(readFileSync(path, "utf8")) as { files: Record<string, string> };
    const hash = "aa81c3d75dd42a6da11a55b1a4c2cf4dbd20acbfdc1b2d0ed8c1b9d4a37bba05";
    const outside = [
      "../mine",
      join(folder, "mine"),
      "runbooks/../../mine",
      "..\\mine",
      "./../mine",
    ];
    for (const name of [...outside, "", ".", "..", "runbooks", "mine\0", MANIFEST, "prometheus/"])
      manifest.files[name] = hash;
    // Not the hash of its text.
    manifest.files["mine"] = hash;
    writeFileSync(path, JSON.stringify(manifest));
    const { status, stderr } = run(folder, ["--force"]);
    // A folder is in the place of a file.
    assert.deepEqual(
      { status, stderr },
      { status: 1, stderr: "telltale: ops: can't be read: ops/runbooks is no file\n" },
    );
    delete manifest.files["runbooks"];
    writeFileSync(path, JSON.stringify(manifest));
    assert.equal(run(folder, ["--force"]).status, 0);
    assert.equal(readFileSync(join(folder, "mine"), "utf8"), "mine");
    assert.equal(readFileSync(join(folder, "ops", "mine"), "utf8"), "mine");
    assert.ok(existsSync(path));
  });

  it("removes a file that is no longer generated, if it is as it was written", () => {
    assert.equal(run(folder).status, 0);
    writeFileSync(
      join(folder, "telltale.ops.yaml"),
      "alerts:\n  ServiceDown: { enabled: false }\n  SlowQueries: { enabled: false }\n",
    );
    writeFileSync(join(folder, "ops/runbooks/SlowQueries.md"), "mine");
    assert.match(run(folder, ["--check"]).stdout, /^ops\/runbooks\/ServiceDown\.md: left over$/m);
    assert.equal(run(folder, ["--force"]).status, 0);
    assert.ok(!existsSync(join(folder, "ops/runbooks/ServiceDown.md")));
    assert.equal(readFileSync(join(folder, "ops/runbooks/SlowQueries.md"), "utf8"), "mine");
  });

  it("writes nothing to a disk that is full, and leaves what was there", function () {
    const script = `set -e
      mkdir -p ops && mount -t tmpfs -o size="$1" none ops
      printf mine > ops/mine
      shift
      "$@" || status=$?
      echo "status $status"
      find ops | sort`;
    launcherOrSkip(this, ["unshare", "-rm"]);
    const wrapper = ["unshare", "-rm", "/bin/sh", "-c", script, "sh", "64k"];
    const { stdout, stderr } = run(folder, [], wrapper);
    assert.equal(
      stderr,
      "telltale: ops: can't be written: ENOSPC: no space left on device, write\n",
    );
    assert.equal(stdout, "status 1\nops\nops/mine\n");
  });

  it("writes nothing to a folder that can't be written to", function () {
    launcherOrSkip(this, ["unshare", "-rm"]);
    const script = `mkdir -p ops && mount -t tmpfs -o ro none ops; "$@"`;
    const { status, stdout, stderr } = run(
      folder,
      [],
      ["unshare", "-rm", "/bin/sh", "-c", script, "sh"],
    );
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(
      stderr,
      /^telltale: ops: can't be written: EROFS: read-only file system, [^\n]*\n$/,
    );
  });

  it("has one line about a folder that can't be read by its user", () => {
    assert.equal(run(folder).status, 0);
    chmodSync(folder, 0o755);
    chmodSync(join(folder, "ops/prometheus"), 0o000);
    // Root may read everything.
    const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, "ops"], {
      ...{ cwd: folder, encoding: "utf8" },
      ...user,
    });
    chmodSync(join(folder, "ops/prometheus"), 0o700);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^telltale: ops: can't be read: EACCES: permission denied, [^\n]*\n$/);
  });

  it("may run twice at the same time", async () => {
    const started = [1, 2, 3].map(async () => {
      const child = spawn(process.execPath, [cli, "ops"], { cwd: folder });
      const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return { output, errors };
    });
    for (const { errors } of await Promise.all(started)) assert.equal(errors, "");
    assert.equal(run(folder, ["--check"]).status, 0);
    assert.deepEqual(
      Object.keys(contentOf(folder)).filter((path) => path.endsWith(".tmp")),
      [],
    );
  });
});
