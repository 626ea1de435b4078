import assert from "node:assert/strict";
import { organizationToken, runDeploy, shop } from "./deploy-program.ts";
import { type Answer, SentryApi, type Step } from "./sentry-api.ts";

const finished = "2026-11-30T07:00:00.000Z";

interface UncertainRow {
  readonly title: string;
  readonly answers: Partial<Record<Step, readonly Answer[]>>;
  /** The requests after that of the release. */
  readonly steps: readonly Step[];
  readonly code: number;
  readonly args?: readonly string[];
  readonly stderr: RegExp;
}

const lookInSentry =
  /telltale: the deploy of shop@1\.2\.3 may not be recorded: .*; look in Sentry before you repeat it\n$/;
const retry = /; the next attempt is in [\d.]+ s\n$/;

/** Attempts whose outcome the command does not know. */
const uncertainRows: readonly UncertainRow[] = [
  {
    title: "stored before its connection is closed",
    answers: { deploy: [{ status: "destroyed", isStored: true }] },
    steps: ["deploy", "list"],
    code: 0,
    stderr: retry,
  },
  {
    title: "stored before a gateway answers 502",
    answers: { deploy: [{ status: 502, isStored: true }] },
    steps: ["deploy", "list"],
    code: 0,
    stderr: retry,
  },
  {
    title: "not stored before its connection is closed",
    answers: { deploy: [{ status: "destroyed" }] },
    steps: ["deploy", "list", "deploy"],
    code: 0,
    stderr: retry,
  },
  {
    title: "stored before its connection is closed, in a list that is not available at first",
    answers: { deploy: [{ status: "destroyed", isStored: true }], list: [{ status: 503 }] },
    steps: ["deploy", "list", "list"],
    code: 0,
    stderr: retry,
  },
  {
    title: "stored before its connection is closed, in a list that the token may not read",
    answers: {
      deploy: [{ status: "destroyed", isStored: true }],
      list: [{ status: 403, body: { detail: "no" } }],
    },
    steps: ["deploy", "list"],
    code: 1,
    stderr: lookInSentry,
  },
  {
    title: "stored without an answer",
    answers: { deploy: [{ status: "none", isStored: true }] },
    args: ["--timeout", "5"],
    steps: ["deploy"],
    code: 1,
    stderr: lookInSentry,
  },
];

describe("telltale deploy", () => {
  let api: SentryApi;
  before(async () => {
    api = await SentryApi.start();
  });
  after(() => api.close());
  beforeEach(() => api.clear());

  const deploy = (...args: readonly string[]): ReturnType<typeof runDeploy> =>
    runDeploy([...shop, ...args], { env: { SENTRY_AUTH_TOKEN: organizationToken(api.url) } });

  it("creates the release, finalizes it and records the deploy", async () => {
    const { code, stdout, stderr } = await deploy(
      ...["--project", "web", "--finalize", "--finished", finished, "--started", "1764485940"],
      ...["--name", "green", "--url", "https://shop.example/?a=1"],
    );
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.deepEqual(stdout.split("\n"), [
      "Release shop@1.2.3 is created",
      "Release shop@1.2.3 is finalized",
      "Deploy to production is recorded (42)",
      `${api.url}/organizations/acme/releases/shop%401.2.3/`,
      "",
    ]);
    const releases = "/api/0/organizations/acme/releases/";
    const authorization = `Bearer ${organizationToken(api.url)}`;
    const projects = ["shop", "web"];
    assert.deepEqual(api.calls, [
      {
        step: "release",
        method: "POST",
        path: releases,
        authorization,
        body: { version: "shop@1.2.3", projects },
      },
      {
        step: "finalize",
        method: "PUT",
        path: `${releases}shop%401.2.3/`,
        authorization,
        body: { dateReleased: finished, projects },
      },
      {
        step: "deploy",
        method: "POST",
        path: `${releases}shop%401.2.3/deploys/`,
        authorization,
        body: {
          environment: "production",
          name: "green",
          url: "https://shop.example/?a=1",
          dateStarted: "2025-11-30T06:59:00.000Z",
          dateFinished: finished,
          projects,
        },
      },
    ]);
  });

  it("records a second deploy of a release that exists", async () => {
    await deploy();
    const { code, stdout } = await deploy();
    assert.equal(code, 0);
    assert.match(stdout, /^Release shop@1\.2\.3 exists\nDeploy to production is recorded \(43\)\n/);
    assert.deepEqual(api.steps, ["release", "deploy", "release", "deploy"]);
  });

  it("fails after six attempts", async () => {
    api.answer("release", ...Array.from({ length: 9 }, () => ({ status: 503, body: "" })));
    const { code, stdout, stderr } = await deploy();
    assert.deepEqual(
      { code, stdout, requests: api.steps.length },
      { code: 1, stdout: "", requests: 6 },
    );
    assert.equal(stderr.split("\n").length, 7);
    assert.match(stderr, /no deploy recorded: POST http:\S+ answered 503, 6 times\n$/);
  });

  for (const { title, answers, steps, code, args = [], stderr } of uncertainRows) {
    it(`exits with ${code} for a deploy that is ${title}, and records it once`, async () => {
      for (const [step, list] of Object.entries(answers)) api.answer(step as Step, ...list);
      const result = await deploy(...args);
      assert.match(result.stderr, stderr);
      assert.equal(result.code, code);
      assert.deepEqual(api.steps, ["release", ...steps]);
      assert.equal(api.deploys, 1);
    });
  }

  const named = "abcdef0123";
  const commitRows = [
    {
      title: "a named commit is the only one of the release",
      args: ["--commit", named],
      fields: { ref: named, commits: [{ id: named }] },
    },
    {
      title: "a commit of a repository has the one before",
      args: ["--commit", named, "--repository", "acme/shop", "--previous-commit", "1234567"],
      fields: {
        ref: named,
        refs: [{ repository: "acme/shop", commit: named, previousCommit: "1234567" }],
      },
    },
    {
      title: "a detected commit of a repository needs no option",
      args: ["--repository", "acme/shop"],
      env: { GITHUB_SHA: "1f".repeat(20) },
      fields: {
        ref: "1f".repeat(20),
        refs: [{ repository: "acme/shop", commit: "1f".repeat(20) }],
      },
    },
    {
      title: "a detected commit does not replace the commits that another tool has set",
      args: [],
      env: { GITHUB_SHA: "1f".repeat(20) },
      fields: { ref: "1f".repeat(20) },
    },
  ];
  for (const { title, args, env = {}, fields } of commitRows) {
    it(`sends commits: ${title}`, async () => {
      await runDeploy([...shop, ...args], {
        env: { SENTRY_AUTH_TOKEN: organizationToken(api.url), ...env },
      });
      const body = { version: "shop@1.2.3", projects: ["shop"], ...fields };
      assert.deepEqual(api.calls[0]?.body, body);
    });
  }
});
