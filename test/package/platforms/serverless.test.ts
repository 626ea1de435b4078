import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../../scripts/node.mjs";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { Program, telemetryEnv } from "../../integration/program.ts";
import { node } from "../../nodes.ts";
import { programOrSkip } from "../../programs.ts";
import { type InstalledPackage, installPackage } from "../installed.ts";
import { recipe, variablesOf } from "./recipes.ts";

const run = promisify(execFile);
const runtime = join(root, "test/integration/lambda/runtime.mjs");

/** Mounts the content of a layer where Lambda has it, and replaces itself by the command. */
const AT_OPT = `mount --bind "$1" /opt; shift; exec "$@"`;

describe("A serverless function", () => {
  let installed: InstalledPackage;
  let receiver: Receiver;
  let folder: string;

  before(async () => {
    installed = await installPackage();
    receiver = await startReceiver();
    folder = mkdtempSync(join(tmpdir(), "telltale-serverless-"));
  });
  beforeEach(() => receiver.clear());
  afterEach(() => Program.killAll());
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await receiver?.close();
    await installed?.remove();
  });

  const handlers = [
    { file: "index.mjs", text: `export const handler = async () => "3 lamps";` },
    { file: "index.cjs", text: `exports.handler = async () => "3 lamps";` },
  ];
  it("of AWS Lambda is traced by the layer", async function () {
    programOrSkip(this, "zip");
    programOrSkip(this, "unzip");
    copyFileSync(installed.tarball, join(folder, "telltale-0.1.0.tgz"));
    const env = {
      PATH: process.env["PATH"],
      npm_config_offline: "true",
      npm_config_audit: "false",
    };
    await run("sh", ["-e", "-c", recipe("serverless.md", "layer")], { cwd: folder, env });
    const opt = join(folder, "opt");
    await run("unzip", ["-q", "telltale-layer.zip", "-d", opt], { cwd: folder });
    const variables = variablesOf(recipe("serverless.md", "lambda variables").trim().split("\n"));
    for (const { file, text } of handlers) {
      receiver.clear();
      const task = join(folder, `task-${file}`);
      mkdirSync(task);
      writeFileSync(join(task, file), text);
      const program = new Program({
        node: "unshare",
        flags: ["--mount", "sh", "-e", "-c", AT_OPT, "sh"],
        file: opt,
        args: [node, runtime, "{}"],
        env: {
          ...variables,
          ...telemetryEnv(receiver),
          OTEL_LOG_LEVEL: "warn",
          AWS_LAMBDA_FUNCTION_NAME: "orders",
          LAMBDA_TASK_ROOT: task,
          NODE_PATH: "/opt/nodejs/node_modules",
          _HANDLER: "index.handler",
        },
      });
      const { stdout, stderr } = await program.ended;
      assert.deepEqual([stdout, stderr], ['"3 lamps"\n', ""], file);
      await receiver.settled();
      assert.deepEqual(
        receiver.spans.map(({ name, kind }) => [name, kind]),
        [["orders", "SERVER"]],
      );
      const names = receiver.metrics.map(({ name }) => name);
      assert.ok(names.length > 0, "no metrics");
    }
  });

  it("of Vercel has sent its spans before it is frozen", async () => {
    const api = join(installed.project, "api");
    mkdirSync(api);
    writeFileSync(join(api, "orders.mjs"), recipe("serverless.md", "vercel"));
    mkdirSync(join(installed.project, "node_modules/@opentelemetry"));
    symlinkSync(
      join(root, "node_modules/@opentelemetry/api"),
      join(installed.project, "node_modules/@opentelemetry/api"),
    );
    // What the platform has: the promises of waitUntil() keep a function running.
    const platform = join(installed.project, "node_modules/@vercel/functions");
    mkdirSync(platform, { recursive: true });
    writeFileSync(join(platform, "package.json"), '{ "type": "module", "main": "index.js" }');
    writeFileSync(
      join(platform, "index.js"),
      `export const pending = [];
       export const waitUntil = (promise) => void pending.push(promise);`,
    );
    writeFileSync(
      join(installed.project, "runtime.mjs"),
      `import { createServer } from "node:http";
       import { pending } from "@vercel/functions";
       const { default: handler } = await import("./api/orders.mjs");
       const server = createServer(async (request, response) => {
         await handler(request, response);
         await Promise.all(pending);
         process.kill(process.pid, "SIGKILL");
       });
       server.listen(0, "127.0.0.1", () => console.log("port " + server.address().port));`,
    );
    const program = new Program({
      file: join(installed.project, "runtime.mjs"),
      env: { ...telemetryEnv(receiver), OTEL_METRICS_EXPORTER: "none" },
    });
    const port = await program.waitForStdout((text) => /^port (\d+)\n/m.exec(text)?.[1]);
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "3 lamps");
    assert.equal((await program.ended).stderr, "");
    await receiver.settled();
    assert.ok(receiver.spans.some(({ kind }) => kind === "SERVER"));
  });
});
