import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { organizationToken, runDeploy, SECRET, shop } from "./deploy-program.ts";
import { type Answer, SentryApi, type Step } from "./sentry-api.ts";

interface Row {
  readonly title: string;
  /** Receives the token. */
  readonly args?: (token: string) => readonly string[];
  readonly env?: (token: string) => Readonly<Record<string, string>>;
  readonly answer?: readonly [step: Step, answer: (token: string) => Answer];
  readonly code: number;
}

const answered = (step: Step, answer: (token: string) => Answer): Pick<Row, "answer" | "code"> => ({
  answer: [step, answer],
  code: 1,
});
const detail = (text: (token: string) => unknown): Pick<Row, "answer" | "code"> =>
  answered("release", (token) => ({ status: 400, body: { detail: text(token) } }));

const rows: readonly Row[] = [
  { title: "the detail of an error", ...detail((token) => `Invalid token ${token}`) },
  { title: "a detail beyond its limit", ...detail((token) => `${"x".repeat(280)}${token}`) },
  { title: "a detail with its secret only", ...detail(() => `secret ${SECRET}`) },
  { title: "a detail in the form of a URL", ...detail((token) => encodeURIComponent(token)) },
  { title: "an object as detail", ...detail((token) => ({ message: token })) },
  { title: "a name in a detail", ...detail((token) => ({ [token]: 1 })) },
  {
    title: "the error of a field",
    ...answered("deploy", (token) => ({ status: 400, body: { name: [token] } })),
  },
  {
    title: "escaped JSON",
    ...answered("finalize", (token) => ({
      status: 400,
      headers: { "content-type": "application/json" },
      body: `{"detail":"${token.replaceAll(/./g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)}"}`,
    })),
  },
  {
    title: "a page",
    ...answered("release", (token) => ({ status: 404, body: `<p>${token}</p>` })),
  },
  {
    title: "the address of a redirect",
    ...answered("release", (token) => ({
      status: 302,
      body: {},
      headers: { location: `https://${encodeURIComponent(token)}.example/${token}` },
    })),
  },
  {
    title: "the reason of a retry",
    answer: ["release", (token) => ({ status: 503, body: { detail: token } })],
    code: 0,
  },
  {
    title: "the text of a status",
    ...answered("deploy", (token) => ({ status: 400, statusText: token, body: {} })),
  },
  {
    title: "the id of a deploy",
    answer: ["deploy", (token) => ({ status: 201, body: { id: token } })],
    code: 0,
  },
  { title: "an unexpected argument", args: (token) => [token], code: 2 },
  { title: "the name of an option", args: (token) => [`--${token}`], code: 2 },
  { title: "an unknown option", args: (token) => ["--auth-token", token], code: 2 },
  { title: "an unknown option's value", args: (token) => [`--auth-token=${token}`], code: 2 },
  { title: "--name", args: (token) => ["--name", token], code: 2 },
  { title: "--release", args: (token) => ["--release", token], code: 2 },
  { title: "--environment", args: (token) => ["--environment", `a${token}`], code: 2 },
  { title: "--project", args: (token) => ["--project", token], code: 2 },
  { title: "--commit", args: (token) => ["--commit", token], code: 2 },
  { title: "--url", args: (token) => ["--url", `https://a.example/${token}`], code: 2 },
  { title: "--org, which is not used", args: (token) => ["--org", token], code: 0 },
  { title: "SENTRY_URL, which is not used", env: (token) => ({ SENTRY_URL: token }), code: 0 },
  { title: "SENTRY_PROJECT", env: (token) => ({ SENTRY_PROJECT: token }), code: 0 },
  {
    title: "SENTRY_RELEASE that is changed",
    env: (token) => ({ SENTRY_RELEASE: `a/${token}`, SENTRY_ENVIRONMENT: `b/${token}` }),
    code: 0,
  },
  {
    title: "quotes",
    env: (token) => ({ SENTRY_AUTH_TOKEN: `"${token}"` }),
    code: 2,
  },
  {
    title: "an authorization header",
    env: (token) => ({ SENTRY_AUTH_TOKEN: `Bearer ${token}` }),
    code: 2,
  },
  { title: "a dry run", args: () => ["--dry-run"], code: 0 },
  { title: "a dry run with --json", args: () => ["--dry-run", "--json"], code: 0 },
  {
    title: "JSON",
    args: () => ["--json"],
    answer: ["deploy", (token) => ({ status: 201, body: { id: token } })],
    code: 0,
  },
];

describe("An auth token", () => {
  let api: SentryApi;
  let folder = "";
  before(async () => {
    api = await SentryApi.start();
    folder = mkdtempSync(join(tmpdir(), "telltale-deploy-"));
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await api.close();
  });
  beforeEach(() => api.clear());

  for (const { title, args, env, answer, code } of rows) {
    it(`is not printed where it is in ${title}`, async () => {
      const token = organizationToken(api.url);
      if (answer !== undefined) api.answer(answer[0], answer[1](token));
      const result = await runDeploy([...shop, "--finalize", ...(args?.(token) ?? [])], {
        env: { SENTRY_AUTH_TOKEN: token, ...env?.(token) },
      });
      assert.equal(result.code, code, result.stderr);
      assert.notEqual(result.stdout + result.stderr, "");
    });
  }

  it("is not printed where the name of the package is a token", async () => {
    const token = organizationToken(api.url);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: token, version: "1.0.0" }));
    const { code, stdout } = await runDeploy(["--project", "shop", "--environment", "live"], {
      cwd: folder,
      env: { SENTRY_AUTH_TOKEN: token },
    });
    assert.equal(code, 0);
    assert.match(stdout, /^Release \*\*\*/);
  });

  it("is sent in no URL and no body", async () => {
    await runDeploy([...shop, "--finalize"], {
      env: { SENTRY_AUTH_TOKEN: organizationToken(api.url) },
    });
    assert.equal(api.calls.length, 3);
    for (const { path, body } of api.calls)
      assert.ok(!JSON.stringify({ path, body }).includes(SECRET.slice(0, 20)));
  });
});
