import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodes } from "../../nodes.ts";
import { preload } from "../program.ts";
import { organizationToken, runDeploy, shop } from "./deploy-program.ts";
import { SentryApi } from "./sentry-api.ts";

const COMMIT = "1f".repeat(20);
const HEAD = "2e".repeat(20);

interface Row {
  readonly title: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly package?: object;
  readonly head?: string;
  readonly release: string;
  readonly environment: string;
  readonly commit?: string;
}

const store = { name: "@acme/store", version: "2.0.0" };

const rows: readonly Row[] = [
  {
    title: "GitHub Actions",
    env: { CI: "true", GITHUB_ACTIONS: "true", GITHUB_SHA: COMMIT, SENTRY_ENVIRONMENT: "live" },
    package: store,
    release: COMMIT,
    environment: "live",
    commit: COMMIT,
  },
  {
    title: "GitLab",
    env: { CI: "true", CI_COMMIT_SHA: COMMIT, CI_ENVIRONMENT_NAME: "review/app-1" },
    release: COMMIT,
    environment: "review-app-1",
    commit: COMMIT,
  },
  {
    title: "Vercel",
    env: { VERCEL: "1", VERCEL_GIT_COMMIT_SHA: COMMIT, VERCEL_ENV: "preview" },
    release: COMMIT,
    environment: "preview",
    commit: COMMIT,
  },
  {
    title: "Netlify",
    env: { NETLIFY: "true", COMMIT_REF: COMMIT, CONTEXT: "deploy-preview" },
    release: COMMIT,
    environment: "deploy-preview",
    commit: COMMIT,
  },
  {
    title: "a CI system with SENTRY_RELEASE",
    env: { GITHUB_SHA: COMMIT, SENTRY_RELEASE: "shop@1.2.3", NODE_ENV: "production" },
    package: store,
    release: "shop@1.2.3",
    environment: "production",
    commit: COMMIT,
  },
  {
    title: "OTEL_RESOURCE_ATTRIBUTES",
    env: {
      OTEL_RESOURCE_ATTRIBUTES:
        "service.name=shop,service.version=3.0.0,deployment.environment.name=blue",
    },
    release: "shop@3.0.0",
    environment: "blue",
  },
  {
    title: "a package in a repository",
    env: { NODE_ENV: "staging" },
    package: store,
    head: HEAD,
    release: "acme-store@2.0.0",
    environment: "staging",
    commit: HEAD,
  },
  {
    title: "a repository without a package",
    env: { NODE_ENV: "staging" },
    head: HEAD,
    release: HEAD,
    environment: "staging",
    commit: HEAD,
  },
  {
    title: "telemetry that is switched off",
    env: { OTEL_SDK_DISABLED: "true", SENTRY_RELEASE: "shop@1.2.3", NODE_ENV: "production" },
    release: "shop@1.2.3",
    environment: "production",
  },
  {
    title: "NODE_OPTIONS with the preload",
    env: {
      NODE_OPTIONS: preload.import.join(" "),
      OTEL_TRACES_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
      OTEL_METRICS_EXPORTER: "none",
      SENTRY_RELEASE: "shop@1.2.3",
      NODE_ENV: "production",
    },
    release: "shop@1.2.3",
    environment: "production",
  },
];

describe("telltale deploy", () => {
  let api: SentryApi;
  let folder = "";
  before(async () => {
    api = await SentryApi.start();
  });
  after(() => api.close());
  beforeEach(() => {
    api.clear();
    folder = mkdtempSync(join(tmpdir(), "telltale-deploy-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const { title, env, package: manifest, head, release, environment, commit } of rows) {
    it(`detects the release, its commit and the environment of ${title}`, async () => {
      if (manifest !== undefined)
        writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
      if (head !== undefined) {
        mkdirSync(join(folder, ".git"));
        writeFileSync(join(folder, ".git/HEAD"), head);
      }
      const { code, stderr } = await runDeploy([], {
        cwd: folder,
        env: { SENTRY_AUTH_TOKEN: organizationToken(api.url), SENTRY_PROJECT: "shop, web", ...env },
      });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const [created, deploy] = api.calls.map(({ body }) => body as Record<string, unknown>);
      assert.deepEqual(
        [created?.["version"], created?.["ref"], created?.["projects"], deploy?.["environment"]],
        [release, commit, ["shop", "web"], environment],
      );
    });
  }

  for (const { name, path } of nodes) {
    it(`records a deploy on Node ${name}`, async () => {
      const { code, stderr } = await runDeploy([...shop, "--finalize"], {
        node: path,
        env: { SENTRY_AUTH_TOKEN: organizationToken(api.url) },
      });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.deepEqual(api.steps, ["release", "finalize", "deploy"]);
    });
  }

  it("uses organization, projects and address of variables with a token of a user", async () => {
    const { code, stderr } = await runDeploy(["--release", "a", "--environment", "b"], {
      env: {
        SENTRY_AUTH_TOKEN: "sntryu_0123456789abcdef",
        SENTRY_ORG: "umbrella",
        SENTRY_PROJECT: "shop",
        SENTRY_URL: `${api.url}//`,
      },
    });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.equal(api.calls[0]?.path, "/api/0/organizations/umbrella/releases/");
  });

  it("takes organization and address from the token, and reports others", async () => {
    const { code, stderr } = await runDeploy([...shop, "--org", "umbrella"], {
      env: {
        SENTRY_AUTH_TOKEN: organizationToken(api.url),
        SENTRY_URL: "https://sentry.example/path",
      },
    });
    assert.equal(code, 0);
    assert.deepEqual(stderr.split("\n"), [
      `telltale: SENTRY_URL: received "https://sentry.example/***", expected the address in the token; using "${api.url}"`,
      'telltale: --org: received "umbrella", expected the organization in the token; using "acme"',
      "",
    ]);
    assert.equal(api.calls[0]?.path, "/api/0/organizations/acme/releases/");
  });
});
