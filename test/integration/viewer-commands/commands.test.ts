import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Program } from "../program.ts";
import { Project } from "./project.ts";

interface Misuse {
  readonly args: readonly string[];
  readonly problem: RegExp;
}

const misuses: readonly Misuse[] = [
  { args: ["request"], problem: /expected the id of a request; telltale requests lists them/ },
  { args: ["request", "a", "b"], problem: /unexpected argument after the id/ },
  { args: ["request", "a", "--spans-from", "0"], problem: /--spans-from: received 0, expected/ },
  { args: ["request", "a", "--pin", "--unpin"], problem: /--pin and --unpin exclude each other/ },
  { args: ["requests", "--limit", "1000"], problem: /--limit: received 1000, expected 1 to 100/ },
  { args: ["requests", "--status", "9xx"], problem: /--status: received "9xx", expected a status/ },
  { args: ["requests", "--min-ms", "x"], problem: /--min-ms: received "x", expected a number/ },
  { args: ["requests", "--kind", "jobs"], problem: /--kind: received "jobs", expected request/ },
  { args: ["requests", "--attribute", "x"], problem: /--attribute: .* expected KEY:VALUE/ },
  { args: ["errors", "--sort=start"], problem: /option --sort is not known/ },
  { args: ["n1", "--al"], problem: /option --al is not known, did you mean --all\?/ },
  { args: ["slow", "--profile-next", "heap"], problem: /--profile-next: .* expected cpu, alloc/ },
  { args: ["compare", "a"], problem: /expected two sides, or one with --baseline/ },
  { args: ["compare", "--fail-on", "p95"], problem: /--fail-on: received "p95", expected FIGURE>/ },
  { args: ["compare", "--pin", "current"], problem: /--pin: received "current", expected a name/ },
  { args: ["mcp", "--json"], problem: /option --json is not known/ },
  { args: ["errors", "--url", "localhost"], problem: /--url: expected the address/ },
  { args: ["errors", "--history", "none.db"], problem: /--history: there is no file/ },
  {
    args: ["errors"],
    problem: /no viewer runs for .*start one with: telltale dev -- node app\.js/,
  },
];

describe("The commands of the viewer", () => {
  let project: Project;

  before(() => {
    project = new Project("shop.mjs");
  });
  after(async () => {
    await project.remove();
    await Program.killAll();
  });

  for (const { args, problem } of misuses) {
    it(`report wrong use: telltale ${args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await project.run(...args);
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
      assert.match(stderr, problem);
    });
  }

  it("report wrong use as JSON", async () => {
    const { code, stdout } = await project.run("compare", "--fail-on", "x", "--json");
    assert.equal(code, 2);
    assert.equal((JSON.parse(stdout) as { status: string }).status, "wrong use");
  });

  for (const command of ["requests", "request", "slow", "errors", "n1", "compare", "mcp"]) {
    it(`have help: telltale ${command} --help`, async () => {
      const { code, stdout } = await project.run(command, "--help");
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^telltale ${command} `));
      for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
    });
  }

  it("have a skill", async () => {
    const { code, stdout } = await project.run("mcp", "--skill");
    assert.equal(code, 0);
    assert.match(stdout, /^---\nname: telltale\ndescription: /);
  });
});

describe("A change of one query", () => {
  let project: Project;

  before(() => {
    project = new Project("shop.mjs");
  });
  after(async () => {
    await project.remove();
    await Program.killAll();
  });

  it("is named after a restart, by the viewer and by its history", async () => {
    await project.start();
    await requestAll(project);
    await project.runUntil(/4 requests/, "requests");
    const pinned = await project.run("compare", "--pin", "main");
    assert.equal(pinned.code, 0, pinned.stderr);
    assert.match(pinned.stdout, / main /);
    await project.stop();

    project.edit(
      "SELECT count(*) AS count FROM orders",
      "SELECT count(*) AS count FROM orders WHERE customer > 3",
    );
    await project.start();
    await requestAll(project);
    const place = project.placeOf("customer > 3");
    const named = new RegExp(
      `(?:changed|faster|slower) GET /products.*\\n.*\\n +new query "SELECT count.* WHERE customer > \\?.*" at ${place}.*: 0 → 1 for each request`,
    );
    const running = await project.runUntil(named, "compare");
    assert.equal(running.code, 0);
    assert.match(running.stdout, /gone query "SELECT count.* FROM orders"/);
    const failed = await project.run(
      ...["compare", "--baseline", "main", "--fail-on", "p95>+5000%,new-queries>0"],
    );
    assert.equal(failed.code, 1, failed.stdout + failed.stderr);
    assert.match(failed.stdout, /new-queries>0: GET \/products 0 → 1/);
    const holds = await project.run("compare", "--baseline", "main", "--fail-on", "queries>+1");
    assert.equal(holds.code, 0);
    assert.match(holds.stdout, /All limits hold/);
    await project.stop();

    assert.ok(readdirSync(join(project.folder, ".telltale")).includes("history.db"));
    const history = await project.run("compare");
    assert.match(history.stdout, named);
    assert.match(history.stdout, /history \.telltale\/history\.db/);
    const [initialized, answered, ...others] = await talk(project, [
      { id: 1, method: "initialize", params: { protocolVersion: "2025-06-18" } },
      { method: "notifications/initialized" },
      { id: 2, method: "tools/call", params: { name: "what_changed", arguments: {} } },
    ]);
    assert.match(initialized ?? "", /"protocolVersion":"2025-06-18"/);
    assert.match(answered ?? "", /new query \\"SELECT count.* customer > \?/);
    assert.deepEqual(others, []);
    const one = await project.run("compare", "previous", "current", "--name", "GET /products");
    assert.match(one.stdout, named);
    const unknown = await project.run("compare", "--baseline", "mian");
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /no run or baseline mian .*the baselines main/);
  });
});

describe("Requests of one project", () => {
  let project: Project;
  let other: Project;

  before(() => {
    [project, other] = [new Project("shop.mjs"), new Project("shop.mjs")];
  });
  after(async () => {
    await project.remove();
    await other.remove();
    await Program.killAll();
  });

  it("are imported by another one as they were exported", async () => {
    await project.start();
    await requestAll(project);
    const before = await project.runUntil(/4 requests/, "requests");
    const folder = join(project.folder, "export");
    const exported = await project.run("requests", "--export", folder);
    assert.equal(exported.code, 0, exported.stderr);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name !== "metrics.json"),
      ["traces.json"],
    );
    await project.stop();

    const history = join(other.folder, "imported.db");
    writeFileSync(history, "");
    const file = join(folder, "traces.json");
    const read = await other.run("requests", "--history", history, "--import", file);
    assert.equal(read.code, 0, read.stderr);
    const [, table = ""] = before.stdout.split("Requests:");
    const [, tableRead = ""] = read.stdout.split("Requests:");
    assert.equal(tableRead, table);
    const again = join(other.folder, "again");
    await other.run("requests", "--history", history, "--export", again);
    assert.deepEqual(itemsIn(join(again, "traces.json")), itemsIn(file));
    const none = await other.run("requests", "--history", history, "--import", "package.json");
    assert.equal(none.code, 2);
    assert.match(none.stderr, /--import: package\.json is no OTLP JSON, which has one of/);
  });
});

/** Sends messages to `telltale mcp`, and returns the lines that it prints until they end. */
async function talk(project: Project, messages: readonly object[]): Promise<string[]> {
  const lines = messages.map((message) => JSON.stringify({ jsonrpc: "2.0", ...message }));
  const { code, stdout, stderr } = await project.runWithInput(`${lines.join("\n")}\n`, "mcp");
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout.trimEnd().split("\n");
}

function itemsIn(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}

async function requestAll(project: Project): Promise<void> {
  for (let at = 0; at < 2; at++) {
    assert.equal(await project.request("GET", "/products"), 200);
    assert.equal(await project.request("GET", "/orders"), 200);
  }
}
