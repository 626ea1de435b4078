import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { node } from "../../nodes.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";
import { Program } from "../program.ts";
import { leftoverProcesses } from "./leftover-processes.ts";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const failing = fileURLToPath(new URL("failing.mjs", import.meta.url));

/** A scenario whose services export nothing. */
const LOST_TRACE = `
  export const start = async ({ log }) => ({
    services: [{ name: "shop", page: undefined, adminUrl: "http://127.0.0.1:1" }],
    async sendTraffic() {
      log("requests are sent");
      return { title: "GET /", requestId: "lost", sent: 1, failed: 1 };
    },
    async stop() {},
  });
`;

describe("telltale demo", function () {
  let directory: string;
  let program: Program;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "telltale-demo-"));
    // PostgreSQL does not run as root.
    chmodSync(directory, 0o777);
  });

  afterEach(async () => {
    // A process that a failed test has left.
    program.kill("SIGTERM");
    await program.ended;
    const files = readdirSync(directory);
    rmSync(directory, { recursive: true, force: true });
    assert.deepEqual([...files, ...leftoverProcesses(directory)], []);
  });

  function demo(...args: string[]): Program {
    // At the end of a service on a busy machine, its flush takes longer than by default.
    const env = { TMPDIR: directory, TELLTALE_FLUSH_TIMEOUT: "60000" };
    program = new Program({ file: cli, args: ["demo", ...args], env });
    return program;
  }

  describe("--once", () => {
    let lines: string[];

    it("exits with 0, without output on stderr", async () => {
      const { code, stdout, stderr } = await demo("--once").ended;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      lines = stdout.split("\n");
    });

    it("is at most 80 columns wide, and without colours if the output is not a terminal", () => {
      for (const line of lines) {
        assert.ok(line.length <= 80, `${line.length} columns: ${line}`);
        assert.ok(!line.includes("\u001b"), line);
      }
    });

    it("marks the one trace id in the trace, the log lines, the metrics and the events", () => {
      const [id = ""] = /(?<=● )[\da-f]{32}/.exec(lines.join("\n")) ?? [];
      const sections = sectionsOf(lines);
      assert.deepEqual([...sections.keys()], ["Trace", "Log lines", "Metrics", "Sentry"]);
      const marks = [...sections.values()].map(
        (section) => section.filter((line) => line.endsWith(` ● ${id}`)).length,
      );
      // The trace; two lines of the shop and one of payments; a sample and an event of each.
      assert.deepEqual(marks, [1, 3, 2, 2]);
      assert.equal(lines.join("\n").match(/●/g)?.length, 8);
    });

    it("shows the trace over both services, with its SQL", () => {
      const [, ...trace] = sectionsOf(lines).get("Trace") ?? [];
      assert.deepEqual(
        trace.map((line) => line.replace(/ +━.*/, "")),
        [
          "shop      POST /api/orders 500 ✗",
          "          ├ SELECT products",
          "          │   SELECT id, name, cents FROM products WHERE id = $1",
          "          ├ INSERT orders",
          "          │   INSERT INTO orders (product_id, quantity, currency, status) VALUE…",
          "          ├ UPDATE products",
          "          │   UPDATE products SET stock = stock - $1 WHERE id = $2",
          "          └ → POST /charges 500 ✗",
          "payments    └ POST /charges 500 ✗",
        ],
      );
    });
  });

  it("prints URLs, runs until Ctrl-C, and exits with 0", async () => {
    demo();
    await program.waitForStdout((stdout) => /^Press Ctrl-C to exit\.$/m.exec(stdout));
    const addresses = addressesIn(program.stdout);
    assert.equal(addresses.length, 6);
    for (const address of addresses) assert.equal((await fetch(address)).status, 200, address);
    program.kill("SIGINT");
    const { code, signal, stderr } = await program.ended;
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: "" });
    for (const address of addresses) await assert.rejects(fetch(address), address);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`exits with 130 for ${signal} before the trace is shown`, async () => {
      demo();
      await program.waitForStdout((stdout) => /starting payments/.exec(stdout));
      program.kill(signal);
      const { code, stderr } = await program.ended;
      assert.deepEqual({ code, stderr }, { code: 130, stderr: "" });
    });
  }

  it("exits with 130 at Ctrl-C while it waits for a trace that does not arrive", async () => {
    const home = join(directory, "checkout");
    cpSync(join(cli, ".."), join(home, "dist"), { recursive: true });
    cpSync(join(cli, "../../package.json"), join(home, "package.json"));
    mkdirSync(join(home, "examples/shop"), { recursive: true });
    writeFileSync(join(home, "examples/shop/scenario.ts"), LOST_TRACE);
    program = new Program({ file: join(home, "dist/cli.js"), args: ["demo"] });
    await program.waitForStdout((stdout) => /requests are sent/.exec(stdout));
    program.kill("SIGINT");
    const { code, exitTookMs, stderr } = await program.ended;
    rmSync(home, { recursive: true });
    assert.deepEqual({ code, stderr }, { code: 130, stderr: "" });
    // Without Ctrl-C it waits longer.
    assert.ok(exitTookMs < WAIT_TIMEOUT_MS / 2, `${exitTookMs} ms`);
  });

  describe("-- COMMAND", () => {
    it("shows a failed request of the command, and stops it with --once", async () => {
      const { code, stdout, stderr } = await demo("--once", "--", node, failing).ended;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(stdout, /^asked for \/cart$/m);
      const sections = sectionsOf(stdout.split("\n"));
      const [, call = "", served = ""] = sections.get("Trace") ?? [];
      assert.match(call, /^\S+ +→ GET \/cart 500 ✗ +━/);
      assert.match(served, /^ +└ GET 500 ✗ +━/);
      assert.match(sections.get("Metrics")?.[1] ?? "", /http_server_request_duration_seconds/);
      assert.match(sections.get("Log lines")?.[1] ?? "", /^ +nothing$/);
    });

    it("runs until Ctrl-C", async () => {
      demo("--", node, failing);
      await program.waitForStdout((stdout) => /── Sentry ─/.exec(stdout));
      program.kill("SIGINT");
      const { code, stderr } = await program.ended;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    });

    it("exits with the code of the command, after its remaining traces", async () => {
      const { code, stdout, stderr } = await demo("--", node, failing, "3").ended;
      assert.deepEqual({ code, stderr }, { code: 3, stderr: "" });
      assert.match(stdout, /^── Sentry ─/m);
    });

    it("reports an unknown command in one line", async () => {
      const { code, stderr } = await demo("--", "no-such-command").ended;
      assert.deepEqual(
        { code, stderr },
        { code: 1, stderr: "telltale: spawn no-such-command ENOENT\n" },
      );
    });
  });

  it("reports in one line that an installed package has no demo shop", async () => {
    const home = mkdtempSync(join(tmpdir(), "telltale-installed-"));
    cpSync(join(cli, ".."), join(home, "dist"), { recursive: true });
    cpSync(join(cli, "../../package.json"), join(home, "package.json"));
    program = new Program({ file: join(home, "dist/cli.js"), args: ["demo"] });
    const { code, stdout, stderr } = await program.ended;
    rmSync(home, { recursive: true });
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.match(
      stderr,
      /^telltale: the demo shop is in the repository only, .*telltale demo -- node app\.js\n$/,
    );
  });
});

/** Returns the lines of each section by title, including the heading. */
function sectionsOf(lines: readonly string[]): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  let section: string[] = [];
  for (const line of lines) {
    const title = /^── (.*?) ─/.exec(line)?.[1];
    if (title !== undefined) sections.set(title, (section = []));
    if (line !== "") section.push(line);
  }
  return sections;
}

/** The URL of the receiver has two lines. */
function addressesIn(stdout: string): string[] {
  const after = stdout.slice(stdout.indexOf("── Open"));
  return after.replace(/trace_id=\n +/, "trace_id=").match(/http:\S+/g) ?? [];
}
