import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { fileURLToPath } from "node:url";
import { startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { pollUntilTrue } from "../../until.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

const file = fileURLToPath(new URL("apps/health-check.mjs", import.meta.url));

describe("addHealthCheck", () => {
  it("decides on /readyz and /healthz, and not on /livez", async () => {
    const port = await freePort();
    const env = { OTEL_EXPORTER_PROMETHEUS_PORT: String(port) };
    const program = new Program({ file, flags: preload.import, env });
    const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
    await program.waitForStdout((stdout) => /ready/.exec(stdout));
    await pollUntilTrue(
      () =>
        get("/readyz").then(
          ({ ok }) => ok,
          () => false,
        ),
      "/readyz",
    );
    const { checks } = (await (await get("/readyz")).json()) as {
      checks: { database: { status: string; detail: unknown } };
    };
    const { status, detail } = checks.database;
    assert.deepEqual({ status, detail }, { status: "pass", detail: { host: "db1" } });
    program.kill("SIGUSR2");
    await program.waitForStdout((stdout) => /unavailable/.exec(stdout));
    await pollUntilTrue(async () => (await get("/readyz")).status === 503, "503 of /readyz");
    assert.equal((await get("/healthz")).status, 503);
    assert.equal((await get("/livez")).status, 200);
    program.kill("SIGKILL");
    await program.ended;
  });

  it("has metrics on the Prometheus page and over OTLP, without a probe", async () => {
    const receiver = await startReceiver();
    const port = await freePort();
    const program = new Program({
      file,
      flags: preload.import,
      env: {
        ...telemetryEnv(receiver),
        OTEL_METRICS_EXPORTER: "prometheus,otlp",
        OTEL_METRIC_EXPORT_INTERVAL: "200",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
        CHECK_INTERVAL: "100",
      },
    });
    const page = async (): Promise<string[]> => {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
      const text = (await response?.text()) ?? "";
      return text.split("\n").filter((line) => line.startsWith("telltale_health_"));
    };
    const pageHas = (ready: number, database: number): Promise<void> =>
      pollUntilTrue(
        async () =>
          isDeepStrictEqual(await page(), [
            `telltale_health_check_passing{telltale_health_check_critical="true",telltale_health_check_name="database"} ${database}`,
            `telltale_health_ready ${ready}`,
          ]),
        `a page with ${ready} and ${database}`,
      );
    const sent = (name: string, value: number): Promise<void> =>
      pollUntilTrue(
        () =>
          receiver.metrics
            .filter((metric) => metric.name === name)
            .at(-1)
            ?.points.at(-1)?.value === value,
        `${name} ${value}`,
      );
    await pageHas(1, 1);
    await sent("telltale.health.check.passing", 1);
    await sent("telltale.health.ready", 1);
    program.kill("SIGUSR2");
    await pageHas(0, 0);
    await sent("telltale.health.check.passing", 0);
    await sent("telltale.health.ready", 0);
    program.kill("SIGTERM");
    await program.ended;
    await receiver.close();
  });
});
