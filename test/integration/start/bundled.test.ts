import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes } from "../../nodes.ts";
import { preload } from "../program.ts";
import { appPath, runApp, appTelemetryEnv } from "./run.ts";

const none = `{"ids":["undefined","undefined"],"scoped":"scoped"}\n`;
const both = `{"ids":["string","string"],"scoped":"scoped"}\n`;

describe("An app that is bundled into one file with telltale's API", () => {
  let receiver: Receiver;
  let folder: string;
  before(async () => {
    receiver = await startReceiver();
    folder = mkdtempSync(join(tmpdir(), "telltale-bundled-"));
    await Promise.all((["esm", "cjs"] as const).map((format) => bundle(folder, format)));
  });
  beforeEach(() => receiver.clear());
  after(async () => {
    rmSync(folder, { recursive: true });
    await receiver.close();
  });

  for (const { name, path } of nodes.filter(({ name }) => name !== "24")) {
    for (const format of ["esm", "cjs"] as const) {
      const file = (): string => join(folder, `app.${extensions[format]}`);

      it(`(${format}) reaches the preload, on Node ${name}`, async () => {
        const env = await appTelemetryEnv(receiver);
        const ended = await runApp({
          app: "",
          file: file(),
          node: path,
          flags: preload.import,
          env,
        });
        await receiver.settled();
        assert.deepEqual([ended.stdout, ended.stderr, ended.code], [both, "", 0]);
        const server = receiver.spans.find(({ kind }) => kind === "SERVER");
        const own = receiver.spans.find(({ name }) => name === "own");
        assert.equal(own?.parentSpanId, server?.spanId);
        assert.equal(receiver.events.length, 2);
        for (const { contexts, user, tags } of receiver.events) {
          assert.equal(contexts?.["trace"]?.["trace_id"], server?.traceId);
          assert.deepEqual(contexts?.["cart"], { items: 3 });
          assert.equal(user?.["id"], "ada");
          assert.equal(tags?.["shop"], "main");
        }
      });

      it(`(${format}) does nothing without a DSN, on Node ${name}`, async () => {
        const { SENTRY_DSN: _, ...env } = await appTelemetryEnv(receiver);
        const ended = await runApp({
          app: "",
          file: file(),
          node: path,
          flags: preload.import,
          env,
        });
        await receiver.settled();
        assert.deepEqual([ended.stdout, ended.stderr, ended.code], [none, "", 0]);
        assert.deepEqual(receiver.events, []);
      });

      it(`(${format}) does nothing without the preload, on Node ${name}`, async () => {
        const env = await appTelemetryEnv(receiver);
        const ended = await runApp({ app: "", file: file(), node: path, env });
        assert.deepEqual([ended.stdout, ended.stderr, ended.code], [none, "", 0]);
        assert.deepEqual(receiver.requests, []);
      });
    }
  }
});

const extensions = { esm: "mjs", cjs: "cjs" } as const;

async function bundle(folder: string, format: "esm" | "cjs"): Promise<void> {
  await build({
    entryPoints: [appPath("bundled.mjs")],
    alias: { telltale: fileURLToPath(new URL("../../../dist/index.js", import.meta.url)) },
    bundle: true,
    platform: "node",
    format,
    target: "node22.15",
    outfile: join(folder, `app.${extensions[format]}`),
    logLevel: "error",
  });
}
