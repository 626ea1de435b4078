import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { Program, telemetryEnv } from "../../integration/program.ts";
import { node } from "../../nodes.ts";
import { programOrSkip } from "../../programs.ts";
import { type InstalledPackage, installPackage } from "../installed.ts";
import { recipe, variablesOf } from "./recipes.ts";

const run = promisify(execFile);

describe("The unit of systemd", () => {
  let installed: InstalledPackage;
  let receiver: Receiver;
  let folder: string;
  const unit = recipe("platforms.md", "systemd");
  const valuesOf = (key: string): string[] =>
    [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value = ""]) => value);

  before(async () => {
    installed = await installPackage();
    receiver = await startReceiver();
    folder = mkdtempSync(join(tmpdir(), "telltale-systemd-"));
  });
  afterEach(() => Program.killAll());
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await receiver?.close();
    await installed?.remove();
  });

  it("is valid for systemd", async function () {
    programOrSkip(this, "systemd-analyze");
    const file = join(folder, "shop.service");
    writeFileSync(file, unit.replace("/usr/bin/node", node));
    const { stderr } = await run("systemd-analyze", ["verify", "--man=no", file]);
    assert.equal(stderr, "");
  });

  it("has a command and variables that start the app, also for another user", async () => {
    const app = join(import.meta.dirname, "apps", "shop.mjs");
    mkdirSync(join(installed.project, "srv"));
    copyFileSync(app, join(installed.project, "srv", "app.mjs"));
    chmodSync(join(installed.project, ".."), 0o755);
    const [command = ""] = valuesOf("ExecStart");
    const [program, ...args] = command.replace("app.js", "app.mjs").split(" ");
    assert.equal(program, "/usr/bin/node");
    const asNobody = ["--setuid=65534", "--setgid=65534", `--wd=${join(installed.project, "srv")}`];
    const started = new Program({
      node: "unshare",
      flags: asNobody,
      file: node,
      args,
      env: {
        ...variablesOf(valuesOf("Environment")),
        ...telemetryEnv(receiver),
        // There is no load balancer to wait for.
        TELLTALE_GRACEFUL_SHUTDOWN: "25s,wait=1ms",
      },
    });
    const port = await started.waitForStdout((text) => /^port (\d+)\n/m.exec(text)?.[1]);
    await (await fetch(`http://127.0.0.1:${port}/`)).text();
    started.kill("SIGTERM");
    const { signal, stderr } = await started.ended;
    assert.deepEqual([signal, stderr], ["SIGTERM", ""]);
    await receiver.settled();
    assert.ok(receiver.spans.some(({ kind }) => kind === "SERVER"));
  });
});
