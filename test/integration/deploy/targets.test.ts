import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { Webhook } from "../../operations/receivers/webhook.ts";
import { programOrSkip } from "../../programs.ts";
import { organizationToken, runDeploy, SECRET, shop } from "./deploy-program.ts";
import { SentryApi } from "./sentry-api.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const FINISHED = "2026-11-30T07:00:00.500Z";
const SECONDS = Date.parse(FINISHED) / 1000;

const deployment: readonly string[] = [
  ...["--release", "shop@1.2.3", "--environment", "production", "--service", "shop"],
  ...["--commit", COMMIT, "--finished", FINISHED, "--url", "https://ci.example/42"],
];

const labels = {
  "service.name": "shop",
  "service.version": "1.2.3",
  "deployment.environment.name": "production",
  "vcs.ref.head.revision": COMMIT,
};

describe("The targets of telltale deploy", () => {
  let sentry: SentryApi;
  let grafana: Webhook;
  let slack: Webhook;
  let otlp: Receiver;
  let folder: string;
  let textfiles: string;
  let env: Readonly<Record<string, string>>;

  before(async () => {
    [sentry, grafana, slack, otlp] = await Promise.all([
      SentryApi.start(),
      Webhook.start(),
      Webhook.start(),
      startReceiver(),
    ]);
    folder = mkdtempSync(join(tmpdir(), "telltale-targets-"));
  });
  after(async () => {
    await Promise.all([sentry, grafana, slack, otlp].map((server) => server.close()));
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    for (const server of [sentry, grafana, slack, otlp]) server.clear();
    otlp.setFaults();
    textfiles = mkdtempSync(join(folder, "textfiles-"));
    env = {
      SENTRY_AUTH_TOKEN: organizationToken(sentry.url),
      SENTRY_PROJECT: "shop",
      GRAFANA_URL: `${grafana.url}/grafana`,
      GRAFANA_TOKEN: `glsa_${SECRET}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      TELLTALE_ALERT_URL: slack.slackUrl,
    };
  });

  const deploy = (...args: readonly string[]): ReturnType<typeof runDeploy> =>
    runDeploy([...deployment, "--textfile", textfiles, ...args], { env });

  it("all get the deployment", async () => {
    const { code, stdout, stderr } = await deploy();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.deepEqual(stdout.split("\n"), [
      "Release shop@1.2.3 is created",
      "Deploy to production is recorded (42)",
      `${sentry.url}/organizations/acme/releases/shop%401.2.3/`,
      `Annotation in ${grafana.url}/*** is created`,
      `Metric is sent to ${otlp.url}/***`,
      `Metric is in ${textfiles}/telltale_deployment_shop_production.prom`,
      `Message is sent to ${slack.url}/***`,
      "",
    ]);
    assert.deepEqual(sentry.steps, ["release", "deploy"]);
    assertAnnotation();
    assertMetric();
    assertMessage();
  });

  function assertAnnotation(): void {
    const [call, ...others] = grafana.calls;
    assert.equal(others.length, 0);
    assert.deepEqual([call?.method, call?.path], ["POST", "/grafana/api/annotations"]);
    assert.equal(call?.headers.authorization, `Bearer glsa_${SECRET}`);
    assert.deepEqual(call?.body, {
      time: Date.parse(FINISHED),
      tags: ["deployment", "service:shop", "version:1.2.3", "environment:production"],
      text: `shop 1.2.3 deployed to production\ncommit ${COMMIT}\nhttps://ci.example/42`,
    });
  }

  function assertMetric(): void {
    const [metric, ...others] = otlp.metrics;
    assert.equal(others.length, 0);
    assert.deepEqual([metric?.name, metric?.unit], ["telltale.deployment.time", "s"]);
    const points = metric?.points.map(({ value, attributes }) => ({ value, attributes }));
    assert.deepEqual(points, [{ value: SECONDS, attributes: labels }]);
    assert.deepEqual(metric?.resource.attributes, { "service.name": "shop" });
  }

  function assertMessage(): void {
    const [call, ...others] = slack.calls;
    assert.equal(others.length, 0);
    assert.equal(
      call?.body["text"],
      [
        ":information_source: *info* shop 1.2.3 was deployed to production",
        `• commit: ${COMMIT}`,
        "• url: https://ci.example/42",
        "shop · production · shop@1.2.3",
      ].join("\n"),
    );
  }

  interface Failure {
    readonly target: string;
    readonly fail: () => void;
    readonly line: RegExp;
  }

  const failures: readonly Failure[] = [
    {
      target: "Sentry",
      fail: () => sentry.answer("release", { status: 403, body: { detail: "no" } }),
      line: /^telltale: the release is not created and no deploy recorded: POST \S+ answered 403 \(no\).*\n$/,
    },
    {
      target: "Grafana",
      fail: () => grafana.answer({ status: 401, body: `{"message":"${SECRET}"}` }),
      line: /^telltale: no annotation is created: POST \S+ answered 401; check GRAFANA_TOKEN\n$/,
    },
    {
      target: "the receiver of metrics",
      fail: () => otlp.setFaults({ kind: "status", status: 404 }),
      line: /^telltale: the metric is not sent: POST \S+ answered 404 .*check the path in OTEL_EXPORTER_OTLP_ENDPOINT\n$/,
    },
    {
      target: "the folder of textfiles",
      fail: () => {
        rmSync(textfiles, { recursive: true });
        textfiles = "/proc/self";
      },
      line: /^telltale: the metric is not written: \/proc\/self\/\S+ can't be written \(E\w+\)\n$/,
    },
    {
      target: "Slack",
      fail: () => slack.answer({ status: 404, body: "no_service" }),
      line: /^telltale: the message is not sent: POST \S+ answered 404 \(no_service\)\n$/,
    },
  ];

  for (const { target, fail, line } of failures) {
    it(`are recorded without ${target}, which fails`, async () => {
      fail();
      const { code, stdout, stderr } = await deploy();
      assert.equal(code, 1);
      assert.match(stderr, line);
      const done = [
        sentry.deploys === 1 && "Sentry",
        stdout.includes("Annotation in") && "Grafana",
        otlp.metrics.length === 1 && "the receiver of metrics",
        stdout.includes("Metric is in") && "the folder of textfiles",
        stdout.includes("Message is sent") && "Slack",
      ];
      assert.deepEqual(
        done.filter(Boolean),
        failures.map((one) => one.target).filter((one) => one !== target),
      );
    });
  }

  it("need no Sentry", async () => {
    const { GRAFANA_URL = "", GRAFANA_TOKEN = "" } = env;
    const args = [...deployment, "--json"];
    const result = await runDeploy(args, { env: { GRAFANA_URL, GRAFANA_TOKEN } });
    assert.deepEqual({ code: result.code, stderr: result.stderr }, { code: 0, stderr: "" });
    assert.deepEqual(JSON.parse(result.stdout), {
      status: "recorded",
      service: "shop",
      release: "shop@1.2.3",
      environment: "production",
      targets: [{ target: "grafana", status: "recorded" }],
    });
    assertAnnotation();
  });

  it("read the token of Grafana from a file, and show a region for a start", async () => {
    const file = join(folder, "token");
    writeFileSync(file, `glsa_${SECRET}\n`);
    const started = "2026-11-30T06:58:00Z";
    const { code } = await runDeploy(
      [...deployment, "--grafana-token-file", file, "--started", started],
      { env: { GRAFANA_URL: grafana.url } },
    );
    assert.equal(code, 0);
    assert.equal(grafana.calls[0]?.headers.authorization, `Bearer glsa_${SECRET}`);
    const { time, timeEnd } = grafana.calls[0]?.body ?? {};
    assert.deepEqual([time, timeEnd], [Date.parse(started), Date.parse(FINISHED)]);
  });

  it("get the deployment twice at most, after an answer that may pass", async () => {
    grafana.answer({ status: 503 });
    const { code, stderr } = await deploy();
    assert.deepEqual(
      { code, stderr, calls: grafana.calls.length },
      { code: 0, stderr: "", calls: 2 },
    );
  });

  it("are shown by --dry-run, without secrets, and get nothing", async () => {
    const { code, stdout, stderr } = await deploy("--dry-run", "--json");
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const { requests } = JSON.parse(stdout) as { readonly requests: readonly { step: string }[] };
    assert.deepEqual(
      requests.map(({ step }) => step),
      ["release", "deploy", "grafana", "metric", "textfile", "alert"],
    );
    assert.deepEqual([grafana.calls, slack.calls, otlp.metrics, sentry.calls], [[], [], [], []]);
    assert.deepEqual(readdirSync(textfiles), []);
  });

  it("have one file for each service and environment, which Prometheus can read", async function () {
    const promtool = programOrSkip(this, "promtool");
    const release = String.raw`shop@"a\b"`;
    await runDeploy([...shop.slice(2), "--service", "@acme/shop", "--textfile", textfiles], {
      env: { GRAFANA_URL: grafana.url, GRAFANA_TOKEN: `glsa_${SECRET}` },
    });
    await deploy("--release", release.replaceAll("\\", ""));
    await deploy("--environment", "staging");
    await deploy();
    assert.deepEqual(readdirSync(textfiles).toSorted(), [
      "telltale_deployment_-acme-shop_production.prom",
      "telltale_deployment_shop_production.prom",
      "telltale_deployment_shop_staging.prom",
    ]);
    const text = readFileSync(join(textfiles, "telltale_deployment_shop_production.prom"), "utf8");
    assert.equal(
      text,
      [
        "# HELP telltale_deployment_time_seconds Time of the last deployment of a service, in seconds since 1970.",
        "# TYPE telltale_deployment_time_seconds gauge",
        `telltale_deployment_time_seconds{service_name="shop",service_version="1.2.3",deployment_environment_name="production",vcs_ref_head_revision="${COMMIT}"} ${SECONDS}`,
        "",
      ].join("\n"),
    );
    execFileSync(promtool, ["check", "metrics"], { input: text });
  });
});
