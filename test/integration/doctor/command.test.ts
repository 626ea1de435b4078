import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { node, nodes } from "../../nodes.ts";
import { pollUntilTrue } from "../../until.ts";
import { Program } from "../program.ts";
import { packageJson } from "./setup.ts";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));

const server = `require("node:http").createServer((request, response) => response.end("hello"))
.listen(0, () => console.log("pid " + process.pid));`;

describe("telltale doctor -- COMMAND", function () {
  let receiver: Receiver;
  let folder: string;
  /** The folder for temporary files. */
  let temporary: string;
  let env: Record<string, string>;

  before(async () => {
    receiver = await startReceiver();
  });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "telltale-doctor-command-"));
    temporary = join(folder, "tmp");
    mkdirSync(temporary);
    writeFileSync(join(folder, "package.json"), packageJson({ scripts: { start: "node app.js" } }));
    writeFileSync(join(folder, "app.js"), server);
    env = {
      TMPDIR: temporary,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
    };
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  after(() => receiver.close());

  function start(...args: readonly string[]): Program {
    return new Program({ file: cli, args: ["doctor", ...args], cwd: folder, env });
  }

  /** Resolves when the process has ended. */
  async function waitForEnd(pid: number): Promise<void> {
    await pollUntilTrue(() => !isRunning(pid), `the end of the app (${pid})`);
  }

  for (const { name, path } of nodes) {
    it(`observes an app on Node ${name}`, async () => {
      const { stdout, code } = await start("--seconds", "0", "--request", "/", "--", path, "app.js")
        .ended;
      assert.match(stdout, new RegExp(`^telltale +\\S+, Node ${name}\\.`, "m"));
      assert.match(stdout, /^GET \/ +200, server spans: 1$/m);
      assert.match(stdout, /^Nothing found\.$/m);
      assert.equal(code, 0);
    });
  }

  it("prints the app's own output as it comes, and the report afterwards", async () => {
    const { stdout } = await start("--seconds", "0", "--", "node", "app.js").ended;
    assert.match(stdout, /^pid \d+\ntelltale /);
    assert.match(stdout, /^traces +otlp; http:\S+ \(http\/protobuf\) accepted a test$/m);
    assert.match(stdout, /^Prometheus .* page reached$/m);
    assert.match(stdout, /OTEL_EXPORTER_OTLP_ENDPOINT="http:\/\/127\.0\.0\.1:\d+"/);
  });

  const interruptions = [
    { title: "while the app starts", delayMs: 0, args: [] },
    { title: "while the app runs", delayMs: 1_000, args: [] },
    { title: "while it requests a page", delayMs: 1_000, args: ["--request", "/hangs"] },
  ];

  for (const { title, delayMs, args } of interruptions) {
    it(`ends the app and reports at Ctrl-C ${title}`, async () => {
      // Printed later than doctor finds the port, which it looks for ten times a second.
      const late = `setTimeout(() => console.log("pid " + process.pid), ${delayMs})`;
      writeFileSync(
        join(folder, "app.js"),
        `require("node:http").createServer(() => {}).listen(0, () => ${late});`,
      );
      const program = start("--seconds", "3600", ...args, "--", "node", "app.js");
      const pid = await program.waitForStdout((text) => /pid (\d+)/.exec(text)?.[1]);
      program.kill("SIGINT");
      const { stdout, code } = await program.ended;
      assert.match(stdout, /^Nothing found\.$/m);
      assert.equal(code, 0);
      await waitForEnd(Number(pid));
    });
  }

  it("leaves no process and no file, also of an app that npm starts", async () => {
    const { stdout } = await start("--seconds", "0", "--", "npm", "start").ended;
    const pid = /pid (\d+)/.exec(stdout)?.[1];
    assert.ok(pid, stdout);
    await waitForEnd(Number(pid));
    assert.deepEqual(
      readdirSync(temporary).filter((name) => name.startsWith("telltale-doctor-")),
      [],
    );
  });

  it("passes stdin to the app", () => {
    writeFileSync(join(folder, "app.js"), "process.stdin.pipe(process.stdout);");
    const output = execFileSync(node, [cli, "doctor", "--offline", "--", "node", "app.js"], {
      cwd: folder,
      env: { PATH: process.env["PATH"], ...env },
      input: "from stdin\n",
      encoding: "utf8",
    });
    assert.match(output, /^from stdin\ntelltale /);
    assert.match(output, /^command +ended with exit code 0$/m);
  });

  it("reports a command that does not exist", async () => {
    const { stderr, code } = await start("--", "no-such-command").ended;
    assert.equal(stderr, "telltale: the command can't be started: ENOENT\n");
    assert.equal(code, 2);
  });
});

/** Whether a process exists, and is not only an entry that its parent has not read. */
function isRunning(pid: number): boolean {
  try {
    const state = execFileSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" });
    return !state.startsWith("Z");
  } catch {
    return false;
  }
}
