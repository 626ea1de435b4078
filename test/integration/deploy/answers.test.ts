import assert from "node:assert/strict";
import { organizationToken, runDeploy, shop } from "./deploy-program.ts";
import { type Answer, SentryApi, type Step } from "./sentry-api.ts";

/** Milliseconds since 1970 for `X-Sentry-Rate-Limit-Reset`, in seconds. */
const inSeconds = (seconds: number): string => String(Math.ceil(Date.now() / 1000) + seconds);

interface Row {
  readonly title: string;
  readonly answers: () => readonly Answer[];
  readonly code: number;
  /** How often the step is requested. */
  readonly requests: number;
  readonly stderr: RegExp;
  readonly args?: readonly string[];
  /** Default: all. */
  readonly steps?: readonly Step[];
}

const busy = (status: number, headers: Answer["headers"] = {}): Answer => ({
  status,
  headers,
  body: { detail: "busy" },
});
const failure = (status: number, body: unknown = { detail: "wrong" }): (() => Answer[]) => {
  return () => [{ status, body }];
};
const retried = (reason: string): RegExp =>
  new RegExp(`^telltale: [A-Z]+ http:\\S+ ${reason}; the next attempt is in [\\d.]+ s\\n$`);
const failed = (reason: string): RegExp =>
  new RegExp(`^telltale: [a-z ]+: [A-Z]+ http:\\S+ ${reason}\\n$`);

const rows: readonly Row[] = [
  ...[429, 500, 502, 503, 504].map((status) => ({
    title: `${status} once`,
    answers: () => [busy(status)],
    code: 0,
    requests: 2,
    stderr: retried(`answered ${status} \\(busy\\)`),
  })),
  {
    title: "429 with a pause of a second",
    answers: () => [busy(429, { "retry-after": "1" })],
    code: 0,
    requests: 2,
    stderr: retried("answered 429 \\(busy\\)"),
  },
  {
    title: "429 with the time of the next period",
    answers: () => [busy(429, { "x-sentry-rate-limit-reset": inSeconds(1) })],
    code: 0,
    requests: 2,
    stderr: retried("answered 429 \\(busy\\)"),
  },
  {
    title: "429 with a pause that is too long",
    answers: () => [busy(429, { "retry-after": "9999" })],
    code: 1,
    requests: 1,
    stderr: failed(
      "answered 429 \\(busy\\) and asks for a pause of 9999 s, which exceeds --timeout \\(60 s\\)",
    ),
  },
  {
    title: "a next period that is too far",
    answers: () => [busy(429, { "x-sentry-rate-limit-reset": inSeconds(9999) })],
    code: 1,
    requests: 1,
    stderr: failed("answered 429 \\(busy\\) and asks for a pause of [\\d.]+ s, which exceeds .*"),
  },
  {
    title: "a closed connection once",
    answers: () => [{ status: "destroyed" }],
    code: 0,
    requests: 2,
    stderr: retried("failed \\(ECONNRESET\\)"),
  },
  {
    title: "no answer",
    answers: () => [{ status: "none" }, { status: "none" }],
    args: ["--timeout", "5"],
    code: 1,
    requests: 1,
    stderr: /^telltale: [^:]+: [A-Z]+ http:\S+ got no answer within [\d.]+ s[^\n]*\n$/,
  },
  {
    title: "400 with the errors of fields",
    answers: failure(400, { environment: ["Invalid value for environment"] }),
    code: 1,
    requests: 1,
    stderr: failed(
      String.raw`answered 400 \(\{"environment":\["Invalid value for environment"\]\}\)`,
    ),
  },
  {
    title: "400 with an object as detail",
    answers: failure(400, { detail: { message: "no" } }),
    code: 1,
    requests: 1,
    stderr: failed(String.raw`answered 400 \(\{"message":"no"\}\)`),
  },
  {
    title: "401",
    answers: failure(401),
    code: 1,
    requests: 1,
    stderr: failed("answered 401 \\(wrong\\); check SENTRY_AUTH_TOKEN"),
  },
  {
    title: "403",
    answers: failure(403),
    code: 1,
    requests: 1,
    stderr: failed("answered 403 \\(wrong\\); the token needs the scope org:ci or .*"),
  },
  {
    title: "404 of another server",
    answers: failure(404, "<h1>not found</h1>"),
    code: 1,
    requests: 1,
    stderr: failed("answered 404; check --org, --project and SENTRY_URL"),
  },
  {
    title: "a redirect",
    answers: () => [{ status: 301, headers: { location: "https://sentry.example/x?token=1" } }],
    code: 1,
    requests: 1,
    stderr: failed("answered 301 \\(.*\\), to https://sentry.example/\\*\\*\\*; check SENTRY_URL"),
  },
  {
    title: "a page instead of JSON",
    answers: failure(200, "<h1>Welcome</h1>"),
    code: 1,
    requests: 1,
    stderr: failed("answered 200 without JSON; check SENTRY_URL"),
  },
  {
    title: "control characters",
    answers: failure(400, { detail: "a\u001b[31mb\nc\u202e" }),
    code: 1,
    requests: 1,
    stderr: failed(String.raw`answered 400 \(a\\u001b\[31mb\\nc\\u202e\)`),
  },
  {
    title: "100 KB of detail",
    answers: failure(400, { detail: "x".repeat(60_000) }),
    code: 1,
    requests: 1,
    stderr: failed("answered 400 \\(x{300}…\\)"),
  },
];

const steps: readonly Step[] = ["release", "finalize", "deploy"];
/** The steps that are requested before one. */
const before: Readonly<Record<string, readonly Step[]>> = {
  release: [],
  finalize: ["release"],
  deploy: ["release", "finalize"],
};

describe("telltale deploy", () => {
  let api: SentryApi;
  globalThis.before(async () => {
    api = await SentryApi.start();
  });
  after(() => api.close());
  beforeEach(() => api.clear());

  const deploy = (args: readonly string[] = []): ReturnType<typeof runDeploy> =>
    runDeploy([...shop, "--finalize", ...args], {
      env: { SENTRY_AUTH_TOKEN: organizationToken(api.url) },
    });

  for (const step of steps) {
    describe(`whose step ${step} is answered`, () => {
      for (const { title, answers, code, requests, stderr, args } of rows) {
        it(`by ${title} exits with ${code} after ${requests} requests`, async () => {
          api.answer(step, ...answers());
          const result = await deploy(args);
          assert.match(result.stderr, stderr);
          assert.equal(result.code, code);
          const after = code === 0 ? steps.slice(steps.indexOf(step) + 1) : [];
          const repeated = Array.from({ length: requests }, () => step);
          const requested = api.steps.filter((name) => name !== "list");
          assert.deepEqual(requested, [...(before[step] ?? []), ...repeated, ...after]);
          assert.equal(api.deploys, code === 0 ? 1 : 0);
        });
      }
    });
  }
});
