import assert from "node:assert/strict";
import { PrometheusServer } from "../../collector/support/prometheus.ts";
import { goToolOrSkip } from "../../programs.ts";
import { pollUntil } from "../../until.ts";
import { runCli } from "../alerts/cli-program.ts";

describe("A deployment that telltale deploy sends over OTLP to Prometheus 3", () => {
  let server: PrometheusServer;
  before(async function () {
    const prometheus = await goToolOrSkip(this, "prometheus");
    server = await PrometheusServer.start(prometheus, { flags: ["--web.enable-otlp-receiver"] });
  });
  after(() => server?.stop());

  it("has the documented name and labels, and is in a report", async () => {
    const finished = new Date(Date.now() - 60_000);
    const what = ["--release", "shop@1.5.0", "--environment", "production", "--service", "shop"];
    const deployed = await runCli(
      ["deploy", ...what, "--finished", String(finished.getTime() / 1000)],
      { env: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${server.url}/api/v1/otlp/v1/metrics` } },
    );
    assert.deepEqual([deployed.code, deployed.stderr], [0, ""]);

    const [series] = await pollUntil(async () => {
      const found = await server.query("telltale_deployment_time_seconds");
      return found.length > 0 ? found : undefined;
    }, "the metric");
    const { job, service_name, service_version, deployment_environment_name } = series!.metric;
    assert.deepEqual(
      [job, service_name, service_version, deployment_environment_name],
      ["shop", "shop", "1.5.0", "production"],
    );
    assert.equal(series!.value, finished.getTime() / 1000);

    const report = ["report", "daily", "--prometheus", server.url, "--service", "shop", "--json"];
    // The end has to be after the sample, which has the time of the deploy command.
    const deployments = await pollUntil(async () => {
      const end = ["--end", String(Math.floor(Date.now() / 1000)), "--timezone", "UTC"];
      const { stdout } = await runCli([...report, ...end]);
      const { services } = JSON.parse(stdout) as {
        readonly services: readonly { readonly deployments: readonly object[] }[];
      };
      const found = services[0]?.deployments ?? [];
      return found.length > 0 ? found : undefined;
    }, "the deployment in the report");
    assert.deepEqual(deployments, [
      {
        time: finished.toISOString(),
        ...{ version: "1.5.0", environment: "production", source: "telltale deploy" },
      },
    ]);
  });
});
