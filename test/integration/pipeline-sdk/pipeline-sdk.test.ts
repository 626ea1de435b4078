import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { differences, equalized } from "../../libraries/differential/differences.ts";
import { factsOf } from "../../libraries/differential/telemetry.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

describe("With TELLTALE_PIPELINE=sdk", () => {
  let receiver: Receiver;
  before(async () => (receiver = await startReceiver()));
  beforeEach(() => receiver.clear());
  after(() => receiver.close());

  for (const [end, code] of [
    ["close", 0],
    ["exit", 3],
    ["throw", 1],
  ] as const) {
    it(`an app that ends by "${end}" exports the same but for the listed differences, and has the same exit code`, async () => {
      const own = await run(end, { TELLTALE_PIPELINE: "telltale" });
      const sdk = await run(end, { TELLTALE_PIPELINE: "sdk" });
      assert.ok(own.facts.some((fact) => fact.includes('"name":"reserve"')));
      assert.ok(own.facts.some((fact) => fact.includes("card declined")));
      assert.ok(own.facts.some((fact) => /"name":"stock".*"value":7/.test(fact)));
      assert.deepEqual(comparable(sdk.facts), comparable(own.facts));
      assert.deepEqual([own.code, sdk.code], [code, code]);
      assert.equal(sdk.stderr.includes("telltale"), false, sdk.stderr);
    });
  }

  it("exports no secret", async () => {
    await run("close", { TELLTALE_PIPELINE: "sdk" });
    const all = JSON.stringify([receiver.spans, receiver.logs, receiver.metrics]);
    assert.ok(all.includes("password"));
    assert.equal(all.includes("s3cret"), false);
  });

  it("serves the page of the SDK's exporter and the pages of health on the port of metrics", async () => {
    const port = await freePort();
    const program = start("wait", {
      TELLTALE_PIPELINE: "sdk",
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
      OTEL_METRICS_EXPORTER: "prometheus",
    });
    try {
      await program.waitForStdout((stdout) => /^ready$/m.exec(stdout)?.[0]);
      const page = await (await adminPage(port, "/metrics")).text();
      assert.match(
        page,
        /^http_server_request_duration_count\{.*http_route=""|^http_server_request_duration_count\{/m,
      );
      assert.match(page, /^orders_total\{country="NO",otel_scope_name="warehouse".*\} 2$/m);
      assert.equal((await adminPage(port, "/livez")).status, 200);
    } finally {
      program.kill("SIGKILL");
      await program.ended;
    }
  });

  it("ends without a collector, and reports what was not sent", async () => {
    const { code, stderr } = await start("close", {
      TELLTALE_PIPELINE: "sdk",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      OTEL_BSP_SCHEDULE_DELAY: "10",
    }).ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /telltale: \d+ spans were not exported when the process ended/);
  });

  it("uses telltale's own pipelines where the SDK's can't do what is configured", async () => {
    const { stderr } = await run("close", {
      TELLTALE_PIPELINE: "sdk",
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "grpc",
    });
    assert.match(
      stderr,
      /TELLTALE_PIPELINE=sdk has no effect with OTEL_EXPORTER_OTLP_PROTOCOL=grpc, telltale's own pipelines are used/,
    );
    assert.ok(receiver.spans.some(({ name }) => name === "reserve"));
  });

  it("reports which settings have no effect", async () => {
    const { stderr } = await run("close", {
      TELLTALE_PIPELINE: "sdk",
      TELLTALE_KEEP_SLOW_MS: "100",
      TELLTALE_METRICS_MAX_EXPORT_BATCH_SIZE: "1000",
      TELLTALE_PROMETHEUS_NATIVE_HISTOGRAMS: "true",
      OTEL_TRACES_SAMPLER: "traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.5",
    });
    assert.match(
      stderr,
      /with TELLTALE_PIPELINE=sdk TELLTALE_KEEP_SLOW_MS and TELLTALE_METRICS_MAX_EXPORT_BATCH_SIZE and TELLTALE_PROMETHEUS_NATIVE_HISTOGRAMS have no effect, and traces of errors are exported only if the sampler selects them/,
    );
  });

  async function run(
    end: string,
    env: Readonly<Record<string, string>>,
  ): Promise<{ facts: string[]; code: number | null; stderr: string }> {
    receiver.clear();
    const { code, stderr } = await start(end, env).ended;
    await receiver.settled();
    return { facts: factsOf({ received: receiver, processes: [] }), code, stderr };
  }

  function start(end: string, env: Readonly<Record<string, string>>): Program {
    return new Program({
      file: fileURLToPath(new URL("app.mjs", import.meta.url)),
      flags: preload["import"] ?? [],
      args: [end],
      env: {
        ...telemetryEnv(receiver),
        OTEL_METRICS_EXPORTER: "otlp",
        OTEL_BSP_SCHEDULE_DELAY: "600000",
        OTEL_BLRP_SCHEDULE_DELAY: "600000",
        ...env,
      },
    });
  }
});

/** Returns facts without what may differ between the pipelines. */
function comparable(facts: readonly string[]): readonly string[] {
  return differences.reduce(equalized, facts).toSorted();
}
