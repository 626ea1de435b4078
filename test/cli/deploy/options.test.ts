import assert from "node:assert/strict";
import { parseOptions, type ParsedOptions } from "../../../src/cli/deploy/options.ts";
import { environmentOf } from "../../../src/env.ts";

const now = new Date("2026-11-30T07:00:00Z");
const variables = {
  SENTRY_AUTH_TOKEN: "0123456789abcdef".repeat(4),
  SENTRY_ORG: "acme",
  SENTRY_PROJECT: "shop",
  SENTRY_RELEASE: "shop@1.2.3",
  SENTRY_ENVIRONMENT: "production",
};

function parse(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): ParsedOptions {
  return parseOptions({
    args,
    environment: environmentOf({ ...variables, ...env }),
    folder: "/",
    now,
  });
}

interface InvalidRow {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly problems: readonly string[];
}

const date = "a date like 2026-11-30T07:00:00Z, or seconds since 1970";
const digits = "7 to 64 hexadecimal digits";
const seconds = "seconds, more than 0 and at most 3600";
const slug = "the project's name in URLs, such as shop";
const address = "a URL such as https://sentry.io, without user, password and query";
const deployUrl = "a URL of at most 200 characters, without user and password";
const releaseRule = "a name of at most 200 bytes without / and \\";
const environmentRule = "a name of at most 64 bytes without / and \\";

const noTarget =
  "there is nowhere to record the deployment: set SENTRY_AUTH_TOKEN (Sentry), GRAFANA_URL and GRAFANA_TOKEN (an annotation), OTEL_EXPORTER_OTLP_ENDPOINT or --textfile (a metric), or TELLTALE_ALERT_URL (a message)";

const invalidDates = [
  "",
  "soon",
  "2026-11-30",
  "2026-11-30T07:00:00",
  "2026-13-30T07:00:00Z",
  "-1",
];
const invalidTimeouts = ["", "0", "0.0", "-1", "3601", "1e3", "soon", "60s"];

const invalidRows: readonly InvalidRow[] = [
  ...invalidDates.map((text) => ({
    args: [`--finished=${text}`],
    problems: [`--finished: received "${text}", expected ${date}`],
  })),
  {
    args: ["--started", "1764486000123"],
    problems: [`--started: received "1764486000123", expected ${date}`],
  },
  {
    args: ["--started", "2026-11-30T07:00:01Z"],
    problems: ["--started is 2026-11-30T07:00:01.000Z, after the end (2026-11-30T07:00:00.000Z)"],
  },
  ...invalidTimeouts.map((text) => ({
    args: [`--timeout=${text}`],
    problems: [`--timeout: received "${text}", expected ${seconds}`],
  })),
  ...["", " ", "latest", ".", ".."].map((text) => ({
    args: [`--release=${text}`],
    problems: [`--release: received "${text}", expected ${releaseRule}`],
  })),
  ...["", "none"].map((text) => ({
    args: [`--environment=${text}`],
    problems: [`--environment: received "${text}", expected ${environmentRule}`],
  })),
  {
    args: ["--name", "x".repeat(65)],
    problems: [`--name: received "${"x".repeat(60)}…", expected a text of at most 64 characters`],
  },
  {
    args: ["--name", "a\nb"],
    problems: [String.raw`--name: received "a\nb", expected a text of at most 64 characters`],
  },
  ...["", "shop.example", "ftp://shop.example", "javascript:alert(1)"].map((text) => ({
    args: [`--url=${text}`],
    problems: [
      `--url: received "${text.replace(/(?<=\/\/.*)\/.*/, "/***")}", expected ${deployUrl}`,
    ],
  })),
  {
    args: ["--url", "https://user:s3cret@shop.example/a"],
    problems: [`--url: received "https://***@shop.example/***", expected ${deployUrl}`],
  },
  {
    args: ["--url", `https://shop.example/${"x".repeat(200)}`],
    problems: [`--url: received "https://shop.example/***", expected ${deployUrl}`],
  },
  ...["", "main", "abc", "g".repeat(40), "a".repeat(65)].map((text) => ({
    args: [`--commit=${text}`],
    problems: [
      `--commit: received "${text.length > 60 ? `${text.slice(0, 60)}…` : text}", expected ${digits}`,
    ],
  })),
  {
    args: ["--repository", "acme/shop"],
    problems: ["--repository needs --commit, since none is detected"],
  },
  {
    args: ["--repository=", "--commit", "abcdef1"],
    problems: [
      `--repository: received "", expected the repository's name in Sentry, such as acme/shop`,
    ],
  },
  {
    args: ["--previous-commit", "abcdef1"],
    problems: ["--previous-commit needs --repository"],
  },
  {
    args: ["--org", "../admin"],
    problems: [
      `--org: received "../admin", expected the organization's name in URLs, such as acme`,
    ],
  },
  {
    args: ["--project", "a,b c", "--project="],
    problems: [
      `--project: received "b c", expected ${slug}`,
      `--project: received "", expected ${slug}`,
    ],
  },
  {
    env: { SENTRY_PROJECT: "a/b" },
    problems: [`SENTRY_PROJECT: received "a/b", expected ${slug}`],
  },
  ...["sentry.io", "ftp://sentry.io", "https:/sentry.io"].map((text) => ({
    env: { SENTRY_URL: text },
    problems: [`SENTRY_URL: received "${text}", expected ${address}`],
  })),
  {
    env: { SENTRY_URL: "https://user:s3cret@sentry.example?a=1" },
    problems: [`SENTRY_URL: received "https://***@sentry.example/***", expected ${address}`],
  },
  ...['"sntrys_a"', "Bearer sntrys_a", "sntrys_a\u0007", "sntrys_é"].map((text) => ({
    env: { SENTRY_AUTH_TOKEN: text },
    problems: [
      "SENTRY_AUTH_TOKEN: received ***, expected a token without spaces, quotes and Bearer",
    ],
  })),
  {
    env: { SENTRY_AUTH_TOKEN: undefined, SENTRY_ORG: " " },
    args: ["--nonsense"],
    problems: ["option --nonsense is not known", noTarget],
  },
  {
    env: { SENTRY_AUTH_TOKEN: undefined, SENTRY_ORG: " " },
    args: ["--finalize"],
    problems: [
      "SENTRY_AUTH_TOKEN is not set: create a token in Sentry's settings",
      "--org is missing: name it, or set SENTRY_ORG",
    ],
  },
  {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: "nonsense:x", OTEL_SERVICE_NAME: "shop" },
    problems: [
      'OTEL_EXPORTER_OTLP_ENDPOINT: received "nonsense:x", expected a URL like http://localhost:4318',
    ],
  },
  ...["grafana.example", "ftp://grafana.example", "https://u:p@grafana.example/?a=1"].map(
    (text) => ({
      env: { GRAFANA_URL: text, GRAFANA_TOKEN: "glsa_0123456789" },
      problems: [
        `GRAFANA_URL: received "${text.replace("u:p", "***").replace("?a=1", "***")}", expected a URL such as https://grafana.example, without a query`,
      ],
    }),
  ),
  {
    args: ["--grafana-url", "https://grafana.example"],
    problems: [
      "GRAFANA_TOKEN is not set: create a token of a service account, or pass --grafana-token-file",
    ],
  },
  {
    args: ["--grafana-url", "https://grafana.example", "--grafana-token-file", "/nowhere"],
    problems: ["--grafana-token-file: the file can't be read"],
  },
  {
    args: ["--grafana-token-file", "/nowhere"],
    problems: ["--grafana-token-file needs --grafana-url, or GRAFANA_URL"],
  },
  ...["short", "Bearer glsa_0123456789"].map((token) => ({
    args: ["--grafana-url", "https://grafana.example"],
    env: { GRAFANA_TOKEN: token },
    problems: [
      "GRAFANA_TOKEN: received ***, expected a token without spaces, quotes and Bearer, of 8 characters at least",
    ],
  })),
  {
    args: ["--textfile", "/nowhere"],
    problems: [
      "--textfile needs --service, or OTEL_SERVICE_NAME",
      '--textfile: received "/nowhere", expected a folder that exists',
    ],
  },
  {
    args: ["--service", "a b"],
    problems: ['--service: received "a b", expected the name of a service, such as shop'],
  },
  {
    args: ["--alert-url", "hooks.slack.com/services/s3cret"],
    problems: [
      "--alert-url: received ***, expected a URL that begins with https:// or http:// and a host",
    ],
  },
  {
    env: { TELLTALE_ALERT_URL: "hooks.slack.com/services/s3cret" },
    problems: [
      "TELLTALE_ALERT_URL: received ***, expected a URL that begins with https:// or http:// and a host",
    ],
  },
];

interface ValidRow {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A part of the options. */
  readonly options: object;
  readonly notes?: readonly string[];
}

/** The payload of a token: texts that are no organization and no address are not used. */
const tokenOf = (payload: string): string =>
  `sntrys_${Buffer.from(payload).toString("base64")}_secretsecretsecret`;

const inSentry = (deployment: object, url?: string): object => ({
  targets: { sentry: { deployment, ...(url !== undefined && { url }) } },
});

const validRows: readonly ValidRow[] = [
  { options: { targets: { sentry: { url: "https://sentry.io" } }, timeoutMs: 60_000 } },
  { args: ["--timeout", "0.5"], options: { timeoutMs: 500 } },
  {
    env: { SENTRY_URL: "https://sentry.example/" },
    options: { targets: { sentry: { url: "https://sentry.example" } } },
  },
  {
    args: ["--finished", "1764486000.5"],
    options: { deployment: { finished: new Date("2025-11-30T07:00:00.500Z") } },
  },
  {
    args: ["--finished", "2026-11-30T08:00:00+01:00"],
    options: { deployment: { finished: now } },
  },
  {
    args: ["--release", "a", "--release", "b"],
    options: { deployment: { release: "b" } },
  },
  {
    args: ["--release", "@acme/shop@1/2"],
    options: { deployment: { release: "acme-shop@1-2" } },
    notes: [`--release: received "@acme/shop@1/2", expected ${releaseRule}; using "acme-shop@1-2"`],
  },
  {
    args: ["--environment", "review/1"],
    options: { deployment: { environment: "review-1" } },
    notes: [`--environment: received "review/1", expected ${environmentRule}; using "review-1"`],
  },
  {
    args: ["--project", "a", "--project", "b, a"],
    options: inSentry({ projects: ["a", "b"] }),
  },
  { env: { SENTRY_AUTH_TOKEN: tokenOf("{}") }, options: inSentry({ organization: "acme" }) },
  { env: { SENTRY_AUTH_TOKEN: tokenOf("no") }, options: inSentry({ organization: "acme" }) },
  {
    env: { SENTRY_AUTH_TOKEN: tokenOf("null") },
    options: inSentry({ organization: "acme" }),
  },
  {
    env: { SENTRY_AUTH_TOKEN: tokenOf('{"org":7,"url":"file:///etc"}') },
    options: inSentry({ organization: "acme" }, "https://sentry.io"),
  },
  {
    env: { SENTRY_AUTH_TOKEN: tokenOf('{"org":"umbrella","url":"https://de.sentry.io/"}') },
    options: inSentry({ organization: "umbrella" }, "https://de.sentry.io"),
    notes: [
      'SENTRY_ORG: received "acme", expected the organization in the token; using "umbrella"',
    ],
  },
  {
    env: { SENTRY_RELEASE: "a/b" },
    options: { deployment: { release: "a-b" } },
    notes: [
      `SENTRY_RELEASE: received "a/b", expected ${releaseRule}; using its first 200 bytes, with a dash for each of these characters`,
    ],
  },
  {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" },
    options: { targets: { metric: undefined } },
    notes: [
      "no metric is sent, since the service is not known: pass --service, or set OTEL_SERVICE_NAME",
    ],
  },
  {
    args: ["--service", "shop"],
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" },
    options: { targets: { metric: { url: "http://collector:4318/v1/metrics" } } },
  },
  {
    args: ["--service", "shop"],
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
      OTEL_METRICS_EXPORTER: "prometheus",
    },
    options: { targets: { metric: undefined } },
  },
  {
    env: { OTEL_SERVICE_NAME: "shop", OTEL_RESOURCE_ATTRIBUTES: "service.namespace=web" },
    options: { deployment: { service: "shop", namespace: "web", version: "1.2.3" } },
  },
  {
    args: ["--release", "shop@2.0.0", "--service", "store"],
    env: { OTEL_RESOURCE_ATTRIBUTES: "service.namespace=web,service.version=1.0.0" },
    options: { deployment: { service: "store", namespace: undefined, version: "2.0.0" } },
  },
  {
    args: ["--grafana-url", "https://grafana.example/g/"],
    env: { GRAFANA_TOKEN: "glsa_0123456789" },
    options: {
      targets: {
        grafana: {
          url: "https://grafana.example/g",
          headers: { authorization: "Bearer glsa_0123456789" },
        },
      },
    },
  },
  {
    env: { GRAFANA_URL: "https://deploy:s3cret@grafana.example" },
    options: {
      targets: {
        grafana: {
          url: "https://grafana.example",
          headers: { authorization: "Basic ZGVwbG95OnMzY3JldA==" },
        },
      },
    },
  },
  {
    env: { SENTRY_AUTH_TOKEN: undefined, TELLTALE_ALERT_URL: "https://hooks.example/a" },
    options: { targets: { sentry: undefined, alert: { url: "https://hooks.example/a" } } },
  },
  { args: ["--textfile", ".", "--service", "shop"], options: { targets: { textfile: "." } } },
];

describe("The options of telltale deploy", () => {
  for (const { args = [], env = {}, problems } of invalidRows) {
    it(`are reported: ${JSON.stringify({ args, env })}`, () => {
      const parsed = parse(args, env);
      assert.deepEqual(parsed.problems, problems);
      assert.equal(parsed.options, undefined);
    });
  }

  for (const { args = [], env = {}, options, notes = [] } of validRows) {
    it(`are used: ${JSON.stringify({ args, env })}`, () => {
      const parsed = parse(args, env);
      assert.deepEqual(parsed.problems, []);
      assert.deepEqual(parsed.notes, notes);
      assert.partialDeepStrictEqual(parsed.options, options);
    });
  }
});
