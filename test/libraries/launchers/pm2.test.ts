import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../../scripts/node.mjs";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePorts } from "../../free-port.ts";
import { telemetryEnv } from "../../integration/program.ts";
import { recipe } from "../../package/platforms/recipes.ts";
import { pollUntilTrue } from "../../until.ts";

const pm2 = join(import.meta.dirname, "node_modules/pm2/bin/pm2-runtime");

describe("The recipe for PM2", function () {
  let receiver: Receiver;
  let folder: string;
  before(async () => {
    receiver = await startReceiver();
    folder = mkdtempSync(join(tmpdir(), "telltale-pm2-"));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules/telltale"));
    copyFileSync(join(root, "test/package/platforms/apps/shop.mjs"), join(folder, "app.mjs"));
    writeFileSync(
      join(folder, "ecosystem.config.cjs"),
      recipe("platforms.md", "pm2").replace("http://localhost:4318", receiver.url),
    );
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await receiver.close();
  });

  it("starts two instances with one metrics page, whose spans arrive, and stops them", async () => {
    const [port, metricsPort] = (await freePorts(2)) as [number, number];
    const variables = { ...telemetryEnv(receiver), OTEL_SERVICE_NAME: undefined };
    const child = spawn(process.execPath, [pm2, "start", "ecosystem.config.cjs"], {
      cwd: folder,
      env: {
        PATH: process.env["PATH"],
        HOME: folder,
        PM2_HOME: join(folder, ".pm2"),
        ...variables,
        OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
        OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort),
        PORT: String(port),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const closed = once(child, "close");
    let output = "";
    child.stdout.on("data", (text) => (output += String(text)));
    child.stderr.on("data", (text) => (output += String(text)));
    try {
      const instances = (): number => output.split(`port ${port}\n`).length - 1;
      await pollUntilTrue(
        () => instances() === 2,
        () => `two instances: ${output}`,
      );
      const response = await fetch(`http://127.0.0.1:${port}/`);
      assert.equal(await response.text(), "3 lamps");
      const isHealthy = async (): Promise<boolean> => {
        const health = await fetch(`http://127.0.0.1:${metricsPort}/healthz`).catch(() => {});
        return health?.status === 200;
      };
      await pollUntilTrue(isHealthy, () => `the metrics page: ${output}`);
      await receiver.waitFor(
        ({ spans }) =>
          spans.some(
            ({ kind, resource }) =>
              kind === "SERVER" && resource.attributes["service.name"] === "shop",
          ),
        "the span of the request",
      );
    } finally {
      child.kill("SIGTERM");
      await closed;
    }
    assert.equal(child.exitCode, 0, output);
  });
});
