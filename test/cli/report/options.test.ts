import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseReportOptions } from "../../../src/cli/report/options.ts";
import { environmentOf } from "../../../src/env.ts";

const now = new Date("2026-03-16T09:00:00Z");
const folder = mkdtempSync(join(tmpdir(), "telltale-report-options-"));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const secret = file("secret", "s3cret%40\n");
const empty = file("empty", " \n");
const lines = file("lines", "a\nb\n");

const daily = ["daily", "--prometheus", "http://localhost:9090"];
const mail = ["--smtp", "smtp://mail.example", "--mail-to", "team@shop.example"];
const from = ["--mail-from", "reports@shop.example"];
const addresses = "an address such as team@shop.example, or Team <team@shop.example>";
const smtpUrl = "a URL such as smtp://user@mail.example:587, or smtps://";

interface InvalidRow {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

const invalidRows: readonly InvalidRow[] = [
  {
    args: [],
    problems: [
      "the period is missing: telltale report daily, or weekly",
      "--prometheus is missing, such as http://localhost:9090",
    ],
  },
  {
    args: ["monthly", ...daily.slice(1)],
    problems: ['received "monthly", expected daily or weekly'],
  },
  {
    args: [...daily, "--timezone", "Mars", "--end", "soon", "--format", "pdf", "--timeout", "0"],
    problems: [
      '--timezone: received "Mars", expected a name such as Europe/Zurich',
      '--end: received "soon", expected a date like 2026-11-30T07:00:00Z, or seconds since 1970',
      '--format: received "pdf", expected markdown, html, eml',
      '--timeout: received "0", expected seconds, more than 0 and at most 3600',
    ],
  },
  {
    args: [...daily, "--end", "2026-03-17T00:00:00Z"],
    problems: ['--end: received "2026-03-17T00:00:00Z", expected a time in the past'],
  },
  {
    args: [...daily, "--format", "html", "--json"],
    problems: ["--format and --json exclude each other"],
  },
  {
    args: [...daily, "--service", '"} or vector(1)'],
    problems: [String.raw`--service: received "\"} or vector(1)", expected the name of a service`],
  },
  ...["localhost:9090", "ftp://prometheus", "https://u:s3cret@prometheus/?a=s3cret"].map(
    (text) => ({
      args: ["daily", "--prometheus", text],
      problems: [
        `--prometheus: received "${text.replace("u:s3cret", "***").replace("?a=s3cret", "***")}", expected a URL such as http://localhost:9090, without a query`,
      ],
    }),
  ),
  {
    args: [...daily, "--prometheus-token-file", "/nowhere", "--prometheus-password-file", empty],
    problems: [
      "--prometheus-password-file: expected a file with one line, the secret",
      "--prometheus-token-file: the file can't be read (ENOENT)",
    ],
  },
  {
    args: [...daily, "--prometheus-token-file", lines],
    problems: ["--prometheus-token-file: expected a file with one line, the secret"],
  },
  {
    args: [...daily, "--prometheus-password-file", secret],
    problems: ["--prometheus-password-file needs a user without a password in --prometheus"],
  },
  {
    args: ["daily", "--prometheus", "http://u:p@prometheus", "--prometheus-token-file", secret],
    problems: ["--prometheus-token-file and a user in --prometheus exclude each other"],
  },
  {
    args: [...daily, "--slack"],
    problems: ["TELLTALE_ALERT_URL is not set: set it, or pass --alert-url"],
  },
  {
    args: [...daily, "--alert-url", "s3cret"],
    problems: [
      "--alert-url: received ***, expected a URL that begins with https:// or http:// and a host",
    ],
  },
  {
    args: [...daily, "--mail-to", "team"],
    problems: [
      "--smtp is missing, such as smtp://reports@mail.example; or pass --format eml",
      `--mail-to: received "team", expected ${addresses}`,
      "--mail-from is missing",
    ],
  },
  {
    args: [...daily, ...mail, "--mail-from", "a\r\nBcc: b@c.example"],
    problems: [String.raw`--mail-from: received "a\r\nBcc: b@c.example", expected ${addresses}`],
  },
  { args: [...daily, "--smtp", "smtp://mail.example"], problems: ["--smtp needs --mail-to"] },
  {
    args: [...daily, "--format", "eml", ...mail, ...from],
    problems: ["--format eml and --smtp exclude each other"],
  },
  { args: [...daily, "--format", "eml", ...from], problems: ["--mail-to is missing"] },
  ...["mail.example", "http://mail.example", "smtp://", "smtp://u:s3cret@mail.example/s3cret"].map(
    (text) => ({
      args: [...daily, "--smtp", text, ...mail.slice(2), ...from],
      problems: [
        `--smtp: received "${text.replace("u:s3cret", "***").replace("/s3cret", "/***")}", expected ${smtpUrl}`,
      ],
    }),
  ),
  {
    args: [...daily, "--smtp", "smtp://u@mail.example", ...mail.slice(2), ...from],
    problems: ["--smtp has a user: pass --smtp-password-file"],
  },
  {
    args: [...daily, ...mail, ...from, "--smtp-password-file", secret],
    problems: ["--smtp-password-file needs a user without a password in --smtp"],
  },
  {
    args: [...daily, "--smtp-password-file", secret, "--smtp-plaintext"],
    problems: ["--smtp-password-file needs --smtp", "--smtp-plaintext needs --smtp"],
  },
];

interface ValidRow {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly options: object;
}

const basic = (text: string): object => ({
  authorization: `Basic ${Buffer.from(text).toString("base64")}`,
});

const validRows: readonly ValidRow[] = [
  {
    args: daily,
    options: {
      ...{ kind: "daily", format: "markdown", services: [], timeoutMs: 120_000 },
      prometheus: { url: "http://localhost:9090", headers: {} },
      ...{ webhook: undefined, mail: undefined, smtp: undefined },
    },
  },
  {
    args: ["weekly", "--prometheus", "https://prometheus.example/select/0/prometheus/"],
    options: {
      kind: "weekly",
      prometheus: { url: "https://prometheus.example/select/0/prometheus" },
    },
  },
  {
    args: ["daily", "--prometheus", "http://u:p%40@prometheus"],
    options: { prometheus: { url: "http://prometheus", headers: basic("u:p@") } },
  },
  {
    args: ["daily", "--prometheus", "http://u@prometheus", "--prometheus-password-file", secret],
    options: { prometheus: { url: "http://prometheus", headers: basic("u:s3cret%40") } },
  },
  {
    args: [...daily, "--prometheus-token-file", secret],
    options: { prometheus: { headers: { authorization: "Bearer s3cret%40" } } },
  },
  {
    args: [...daily, "--slack"],
    env: { TELLTALE_ALERT_URL: "https://hooks.slack.com/services/T0/B0/x" },
    options: { format: undefined, webhook: { format: "slack" } },
  },
  {
    args: [...daily, "--slack", "--format", "html"],
    env: { TELLTALE_ALERT_URL: "https://hooks.example/x" },
    options: { format: "html", webhook: { format: "json" } },
  },
  {
    args: [...daily, ...mail, ...from, "--smtp-plaintext"],
    options: {
      format: undefined,
      smtp: { host: "mail.example", port: 587, implicitTls: false, allowsPlaintext: true },
      mail: { to: [{ address: "team@shop.example" }] },
    },
  },
  {
    args: [
      ...[...daily, "--smtp", "smtps://reports@shop.example@[::1]", "--smtp-password-file", secret],
      ...["--mail-to", "Team <team@shop.example>"],
    ],
    options: {
      smtp: {
        ...{ host: "::1", port: 465, implicitTls: true },
        credentials: { user: "reports@shop.example", password: "s3cret%40" },
      },
      mail: {
        from: { address: "reports@shop.example" },
        to: [{ name: "Team", address: "team@shop.example" }],
      },
    },
  },
  {
    args: [...daily, "--format", "eml", "--mail-to", "team@shop.example", ...from],
    options: {
      format: "eml",
      smtp: undefined,
      mail: { from: { address: "reports@shop.example" } },
    },
  },
];

describe("The options of telltale report", () => {
  after(() => rmSync(folder, { recursive: true }));

  for (const { args, env = {}, problems } of invalidRows) {
    it(`are reported: ${args.join(" ").replaceAll(folder, "")}`, () => {
      const parsed = parseReportOptions(args, environmentOf(env), now);
      assert.deepEqual(parsed.problems, problems);
      assert.equal(parsed.options, undefined);
    });
  }

  for (const { args, env = {}, options } of validRows) {
    it(`are used: ${args.join(" ").replaceAll(folder, "")}`, () => {
      const parsed = parseReportOptions(args, environmentOf(env), now);
      assert.deepEqual(parsed.problems, []);
      assert.partialDeepStrictEqual(parsed.options, options);
    });
  }
});
