import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { pollUntilTrue } from "../../until.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

const app = fileURLToPath(new URL("apps/health-check.mjs", import.meta.url));
const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));

describe("telltale health in a container with NODE_OPTIONS", () => {
  it("asks the app, and is not preloaded itself", async () => {
    const [receiver, own, port] = [await startReceiver(), await startReceiver(), await freePort()];
    const variables = { OTEL_EXPORTER_PROMETHEUS_PORT: String(port) };
    const env = { ...telemetryEnv(receiver), ...variables, CHECK_INTERVAL: "100" };
    const service = new Program({ file: app, flags: preload.import, env });
    const health = async (): Promise<number | null> => {
      const options = { NODE_OPTIONS: preload.import.join(" ") };
      const command = { ...telemetryEnv(own), ...variables, ...options };
      const { code, stderr } = await new Program({ file: cli, args: ["health"], env: command })
        .ended;
      assert.equal(stderr, "");
      return code;
    };
    // Without a check, before the app has added its own, it is healthy too.
    await service.waitForStdout((stdout) => /ready/.exec(stdout));
    await pollUntilTrue(async () => (await health()) === 0, "a healthy app");
    service.kill("SIGUSR2");
    await pollUntilTrue(async () => (await health()) === 1, "an app that is not healthy");
    service.kill("SIGTERM");
    await service.ended;
    await own.settled();
    assert.deepEqual([own.spans.length, own.metrics.length, own.logs.length], [0, 0, 0]);
    await Promise.all([receiver.close(), own.close()]);
  });
});
