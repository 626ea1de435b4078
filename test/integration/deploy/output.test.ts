import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { node } from "../../nodes.ts";
import { organizationToken, runDeploy, shop } from "./deploy-program.ts";
import { SentryApi } from "./sentry-api.ts";

const finished = "2026-11-30T07:00:00.000Z";

describe("The output of telltale deploy", () => {
  let api: SentryApi;
  let env: Readonly<Record<string, string>>;
  before(async () => {
    api = await SentryApi.start();
    env = { SENTRY_AUTH_TOKEN: organizationToken(api.url) };
  });
  after(() => api.close());
  beforeEach(() => api.clear());

  it("is the help with --help, whatever else is wrong", async () => {
    const { code, stdout, stderr } = await runDeploy(["--help", "--nonsense"], { env: {} });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, /^telltale deploy \[options\]\n/);
    assert.deepEqual(
      stdout.split("\n").filter((line) => line.length > 80),
      [],
    );
  });

  it("is each request with --dry-run, which sends none", async () => {
    const { code, stdout, stderr } = await runDeploy(
      [...shop, "--finalize", "--dry-run", "--finished", finished],
      { env },
    );
    assert.deepEqual({ code, stderr, calls: api.calls.length }, { code: 0, stderr: "", calls: 0 });
    const releases = `${api.url}/api/0/organizations/acme/releases/`;
    assert.deepEqual(stdout.split("\n"), [
      `POST ${releases}`,
      '  {"version":"shop@1.2.3","projects":["shop"]}',
      `PUT ${releases}shop%401.2.3/`,
      `  {"dateReleased":"${finished}","projects":["shop"]}`,
      `POST ${releases}shop%401.2.3/deploys/`,
      `  {"environment":"production","dateFinished":"${finished}","projects":["shop"]}`,
      "",
    ]);
  });

  const summary = {
    organization: "acme",
    projects: ["shop"],
    release: "shop@1.2.3",
    environment: "production",
  };

  it("is one object with --json", async () => {
    const { code, stdout, stderr } = await runDeploy([...shop, "--json"], { env });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.deepEqual(JSON.parse(stdout), {
      status: "recorded",
      ...summary,
      link: `${api.url}/organizations/acme/releases/shop%401.2.3/`,
      steps: [
        { step: "release", status: 201 },
        { step: "deploy", status: 201, id: "42" },
      ],
      targets: [],
    });
  });

  it("is one object with --json and --dry-run", async () => {
    const { stdout } = await runDeploy([...shop, "--json", "--dry-run", "--finished", finished], {
      env,
    });
    const url = `${api.url}/api/0/organizations/acme/releases/`;
    assert.deepEqual(JSON.parse(stdout), {
      status: "dry run",
      ...summary,
      requests: [
        {
          step: "release",
          method: "POST",
          url,
          body: { version: "shop@1.2.3", projects: ["shop"] },
        },
        {
          step: "deploy",
          method: "POST",
          url: `${url}shop%401.2.3/deploys/`,
          body: { environment: "production", dateFinished: finished, projects: ["shop"] },
        },
      ],
    });
  });

  it("is one object with --json for a failure, and a line on stderr", async () => {
    api.answer("deploy", { status: 400, body: { detail: "no" } });
    const { code, stdout, stderr } = await runDeploy([...shop, "--json"], { env });
    const reason = `POST ${api.url}/api/0/organizations/acme/releases/shop%401.2.3/deploys/ answered 400 (no)`;
    assert.equal(code, 1);
    assert.equal(stderr, `telltale: no deploy is recorded: ${reason}\n`);
    const { status, steps, failure } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(
      { status, steps, failure },
      {
        status: "failed",
        steps: [{ step: "release", status: 201 }],
        failure: { step: "deploy", reason, isUncertain: false },
      },
    );
  });

  it("is all problems at once for wrong use, also with --json", async () => {
    const { code, stdout, stderr } = await runDeploy(
      ["--json", "--enviroment", "x", "--started", "soon", "--repository"],
      { env: {} },
    );
    const problems = [
      "option --enviroment is not known, did you mean --environment?",
      "unexpected argument: all are options, such as --help",
      "--repository has no value",
      "--release is missing, and none is detected from SENTRY_RELEASE, a variable of the CI system, package.json or .git",
      "--environment is missing: name it, or set SENTRY_ENVIRONMENT",
      '--started: received "soon", expected a date like 2026-11-30T07:00:00Z, or seconds since 1970',
      "there is nowhere to record the deployment: set SENTRY_AUTH_TOKEN (Sentry), GRAFANA_URL and GRAFANA_TOKEN (an annotation), OTEL_EXPORTER_OTLP_ENDPOINT or --textfile (a metric), or TELLTALE_ALERT_URL (a message)",
    ];
    assert.equal(code, 2);
    assert.equal(stderr, problems.map((problem) => `telltale: ${problem}\n`).join(""));
    assert.deepEqual(JSON.parse(stdout), { status: "wrong use", problems });
  });

  it("may be closed by its reader", async () => {
    const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
    const child = spawn(node, [cli, "deploy", ...shop], { stdio: ["ignore", "pipe", "pipe"], env });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const [code] = (await once(child, "close")) as [number | null];
    assert.deepEqual({ code, stderr, deploys: api.deploys }, { code: 0, stderr: "", deploys: 1 });
  });
});
