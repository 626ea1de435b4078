import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { programOrSkip } from "../../programs.ts";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const fixtures = join(import.meta.dirname, "fixtures");

/** Files that `telltale slo --out FILE` has written, with the options of each. */
const files: readonly (readonly [file: string, args: readonly string[]])[] = [
  ["orders.yaml", ["--from", join(fixtures, "sloth", "orders.yaml"), "--min-events", "10"]],
  ["openslo.yaml", ["--from", join(fixtures, "openslo", "orders.yaml")]],
  ["objectives.yaml", ["--from", join(fixtures, "telltale.ops.yaml")]],
  ["service.yaml", ["--objective", "99.9", "--latency", "250ms", "--service", "shop"]],
  [
    "routes.yaml",
    [
      ...["--objective", "99.5", "--latency", "1s", "--latency-objective", "90", "--name", "web"],
      ...["--route", "/orders/:id", "--route", String.raw`/a\"{b}`, "--min-events", "50"],
    ],
  ],
];

describe("telltale slo", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-slo-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs the command in a folder of its own. */
  function run(args: readonly string[], variables: Readonly<Record<string, string>> = {}): Result {
    const { TELLTALE_METRICS_BUCKETS: _, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, "slo", ...args], {
      cwd: folder,
      env: { ...env, ...variables },
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  }

  for (const [file, args] of files) {
    it(`prints and writes ${file}, which promtool accepts`, function () {
      const expected = readFileSync(join(fixtures, file), "utf8");
      assert.deepEqual(run(args), { status: 0, stdout: expected, stderr: "" });
      const written = run([...args, "--out", "slo.yaml"]);
      assert.deepEqual([written.status, written.stderr], [0, ""]);
      assert.match(written.stdout, /^slo\.yaml: \d+ rules for [\w-]+, [\w-]+\n$/);
      assert.deepEqual(readdirSync(folder), ["slo.yaml"]);
      assert.equal(readFileSync(join(folder, "slo.yaml"), "utf8"), expected);
      const promtool = programOrSkip(this, "promtool");
      const check = spawnSync(promtool, ["check", "rules", join(folder, "slo.yaml")]);
      assert.equal(check.status, 0, String(check.stderr));
    });
  }

  it("has a reason for every rule", () => {
    for (const [file] of files) {
      const lines = readFileSync(join(fixtures, file), "utf8").split("\n");
      const starts = lines.flatMap((line, at) => (/^ +- (?:record|alert):/.test(line) ? [at] : []));
      assert.ok(starts.length > 30);
      for (const at of starts) assert.match(lines[at - 1] ?? "", /^ +# /, `${lines[at]}`);
    }
  });

  it("uses metrics and labels of docs/metrics.md only", () => {
    const page = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
    for (const [file] of files) {
      const text = readFileSync(join(fixtures, file), "utf8");
      const metrics = text.matchAll(/\b(http_\w+)\{([^[]*)\}\[/g);
      for (const [, name = "", matchers = ""] of metrics) {
        const row = page
          .split("\n")
          .find((line) => line.includes(`| \`${name.replace(/_(?:count|bucket)$/, "")}\` |`));
        assert.ok(row !== undefined, name);
        for (const [, label = ""] of matchers.matchAll(/(?:^|",)(http_\w+)/g))
          assert.ok(row.replaceAll(".", "_").includes(`\`${label}\``), label);
      }
    }
  });

  it("writes again what it has written, and nothing else", () => {
    const args = ["--objective", "99", "--out", "slo.yaml"];
    const path = join(folder, "slo.yaml");
    assert.equal(run(args).status, 0);
    writeFileSync(path, `${readFileSync(path, "utf8")}# more\n`);
    assert.equal(run(args).status, 0);
    assert.doesNotMatch(readFileSync(path, "utf8"), /# more/);
    writeFileSync(path, "groups: []\n");
    const message =
      "telltale: --out: the file exists and is not written by telltale slo; expected another path\n";
    assert.deepEqual(run(args), { status: 2, stdout: "", stderr: message });
    assert.equal(readFileSync(path, "utf8"), "groups: []\n");
    mkdirSync(join(folder, "rules"));
    const onFolder = run(["--objective", "99", "--out", "rules"]);
    assert.deepEqual(onFolder, { status: 2, stdout: "", stderr: message });
  });

  it("fails in one line if the file can't be written", () => {
    const { status, stdout, stderr } = run(["--objective=99", "--json", "--out=missing/slo.yaml"]);
    assert.deepEqual([status, stdout], [1, '{"status":"failed"}\n']);
    assert.match(stderr, /^telltale: the rules are not written: Error: ENOENT[^\n]+\n$/);
  });

  it("prints one JSON object", () => {
    const { status, stdout } = run(["--objective", "99.9", "--latency", "250ms", "--json"]);
    const result = JSON.parse(stdout) as JsonResult;
    assert.deepEqual([status, result.status], [0, "done"]);
    assert.deepEqual(
      result.objectives.map(({ id, percent }) => [id, percent]),
      [
        ["all-requests-availability", 99.9],
        ["all-requests-latency", 99.9],
      ],
    );
    assert.equal(result.groups.length, 6);
    const problems = ["--objective is missing, such as 99.9"];
    assert.deepEqual(JSON.parse(run(["--json"]).stdout), { status: "wrong use", problems });
  });

  it("refuses a latency between two buckets, and names the nearest", () => {
    const args = ["--objective", "99.9", "--latency", "300ms", "--out", "slo.yaml"];
    const { status, stdout, stderr } = run(args);
    assert.deepEqual([status, stdout, readdirSync(folder)], [2, "", []]);
    assert.match(
      stderr,
      /^telltale: --latency: received 300ms, [^\n]+ nearest [^\n]+ 250ms;[^\n]+\n$/,
    );
    const buckets = { TELLTALE_METRICS_BUCKETS: "http.server.*:0.1,0.3,1" };
    assert.equal(run(args, buckets).status, 0);
    assert.match(readFileSync(join(folder, "slo.yaml"), "utf8"), /le="0\.3"/);
  });

  it("refuses a broken file of Sloth, with the line, and writes nothing", () => {
    writeFileSync(join(folder, "sloth.yaml"), "version: prometheus/v1\nservice: a b\n");
    const { status, stdout, stderr } = run(["--from", "sloth.yaml", "--out", "slo.yaml"]);
    assert.deepEqual([status, stdout, readdirSync(folder)], [2, "", ["sloth.yaml"]]);
    assert.match(stderr, /^telltale: sloth\.yaml:2: service: received "a b", expected [^\n]+\n/);
  });

  it("describes its options", () => {
    const { status, stdout } = run(["--help"]);
    assert.equal(status, 0);
    assert.match(stdout, /^telltale slo --objective PERCENT \[options\]\n/);
  });
});

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface JsonResult {
  readonly status: string;
  readonly objectives: readonly { readonly id: string; readonly percent: number }[];
  readonly groups: readonly object[];
}
