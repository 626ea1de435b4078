import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createSecureServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "../../export/certificates.ts";
import { freePort } from "../../free-port.ts";
import { isDocumentedMessage } from "../bad-input/documented-messages.ts";
import { type CliOptions, type CliResult, runCli, SECRET } from "./cli-program.ts";
import { Site } from "./site.ts";
import { Webhook } from "../../operations/receivers/webhook.ts";

interface StatusRow {
  readonly title: string;
  readonly status: number;
  readonly args?: readonly string[];
  readonly code: number;
  readonly outcome: RegExp;
}

const statuses: readonly StatusRow[] = [
  { title: "200", status: 200, code: 0, outcome: /is up: answered 200 \(\d+ ms\)\n$/ },
  { title: "another status", status: 503, code: 1, outcome: /is down: answered 503 / },
  { title: "a redirect", status: 302, code: 1, outcome: /is down: answered 302 / },
  {
    title: "one of the expected statuses",
    status: 302,
    args: ["--expect", "2xx, 302"],
    code: 0,
    outcome: /is up: answered 302 /,
  },
  {
    title: "no answer",
    status: 0,
    args: ["--timeout", "0.5"],
    code: 1,
    outcome: /is down: got no answer within 500 ms /,
  },
];

interface MisuseRow {
  readonly title: string;
  readonly args: readonly string[];
  readonly lines: readonly string[];
}

const misuses: readonly MisuseRow[] = [
  { title: "no URL", args: [], lines: ["there is no URL: telltale check-url URL"] },
  {
    title: "a URL without its protocol",
    args: [`shop.example/${SECRET}`],
    lines: ["the URL does not begin with https:// or http:// and a host"],
  },
  {
    title: "options that are wrong",
    args: ["http://a.example", "--expect=up", "--timeout=-1", "--failures=0", "--fail"],
    lines: [
      "option --fail is not known, did you mean --failures?",
      "--failures needs --state, the file in which failures are counted",
      '--expect: received "up", expected statuses such as 200 or 2xx,301',
      '--timeout: received "-1", expected seconds, more than 0 and at most 3600',
      '--failures: received "0", expected an integer from 1 to 1000',
    ],
  },
  {
    title: "a state without a receiver",
    args: ["http://a.example", "--state", "x"],
    lines: ["TELLTALE_ALERT_URL is not set: set it, or pass --alert-url, or --mail-to and --smtp"],
  },
  {
    title: "e-mails without a state and with a wrong server",
    args: [
      ...["http://a.example", "--mail-to", "team", "--mail-from", "a@shop.example"],
      ...["--smtp", `http://ada:${SECRET}@mail.example`, "--smtp-password-file", "/none"],
    ],
    lines: [
      "--mail-to needs --state, the file in which failures are counted",
      "--smtp-password-file: the file can't be read (ENOENT)",
      '--smtp: received "http://***@mail.example", expected a URL such as smtp://user@mail.example:587, or smtps://',
      '--mail-to: received "team", expected an address such as team@shop.example, or Team <team@shop.example>',
    ],
  },
  {
    title: "a mail server without recipients",
    args: ["http://a.example", "--state", "x", "--smtp", "smtp://mail.example"],
    lines: ["--smtp needs --mail-to"],
  },
];

describe("telltale check-url", () => {
  const { ca, server } = makeCertificates();
  const site = new Site();
  const secure = new Site(createSecureServer(server));
  let webhook: Webhook;
  let folder = "";
  let state = "";
  before(async () => {
    [webhook] = await Promise.all([Webhook.start(), site.listen(), secure.listen()]);
    folder = mkdtempSync(join(tmpdir(), "telltale-check-url-"));
    writeFileSync(join(folder, "ca.pem"), ca);
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await Promise.all([webhook.close(), site.close(), secure.close()]);
  });
  beforeEach(() => {
    webhook.clear();
    site.status = 200;
    state = join(mkdtempSync(join(folder, "state-")), "state.json");
  });

  const siteUrl = (): string =>
    `http://ada:${SECRET}@127.0.0.1:${site.port}/healthz?token=${SECRET}`;
  const shown = (): string => `http://127.0.0.1:${site.port}/healthz?***`;
  const check = (args: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
    runCli(["check-url", ...args], options);
  const counted = (...args: readonly string[]): Promise<CliResult> =>
    check([siteUrl(), "--state", state, ...args], {
      env: { TELLTALE_ALERT_URL: `${webhook.url}/${SECRET}` },
    });

  for (const { title, status, args = [], code, outcome } of statuses) {
    it(`exits with ${code} for ${title}`, async () => {
      site.status = status;
      const result = await check([siteUrl(), ...args]);
      assert.match(result.stdout, outcome);
      assert.ok(result.stdout.startsWith(shown()), result.stdout);
      assert.deepEqual({ code: result.code, stderr: result.stderr }, { code, stderr: "" });
    });
  }

  it("exits with 1 if nothing listens", async () => {
    const { code, stdout } = await check([`http://127.0.0.1:${await freePort()}/`, "--json"]);
    assert.equal(code, 1);
    const { status, outcome } = JSON.parse(stdout) as { status: string; outcome: string };
    assert.deepEqual([status, outcome], ["down", "failed (ECONNREFUSED)"]);
  });

  for (const { title, args, lines } of misuses) {
    it(`exits with 2 for ${title}`, async () => {
      const { code, stdout, stderr } = await check(args);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
      assert.deepEqual(
        stderr.trimEnd().split("\n"),
        lines.map((line) => `telltale: ${line}`),
      );
    });
  }

  it("sends one alert after three failures, and one at the recovery", async () => {
    const codes: (number | null)[] = [];
    for (const status of [500, 503, 503, 503, 200, 200]) {
      site.status = status;
      codes.push((await counted()).code);
    }
    assert.deepEqual(codes, [1, 1, 1, 1, 0, 0]);
    const [down, up, ...rest] = webhook.calls.map(({ body }) => body);
    assert.deepEqual([down?.["severity"], up?.["severity"], rest], ["critical", "info", []]);
    const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`;
    const url = shown().replaceAll(/[.*?]/g, String.raw`\$&`);
    assert.match(
      String(down?.["message"]),
      new RegExp(`^${url} is down since ${time}: 3 failures in a row, the last one answered 503$`),
    );
    assert.match(
      String(up?.["message"]),
      new RegExp(`^${url} is up again: answered 200; it was down since ${time}$`),
    );
    assert.ok(!readFileSync(state, "utf8").includes(SECRET));
    assert.deepEqual(readdirSync(join(state, "..")), ["state.json"]);
  });

  it("sends an alert again that was refused, and exits with 1", async () => {
    site.status = 500;
    webhook.answer({ status: 404 });
    const first = await counted("--failures", "1");
    assert.equal(first.code, 1);
    assert.match(first.stderr, /the alert was not sent: POST \S+\*\*\* answered 404\n$/);
    assert.ok(isDocumentedMessage(first.stderr));
    await counted("--failures", "1");
    await counted("--failures", "1");
    assert.equal(webhook.calls.length, 2);
  });

  it("counts each of several checks at a time, and sends one alert", async () => {
    site.status = 500;
    await Promise.all(Array.from({ length: 6 }, () => counted("--failures", "6")));
    assert.equal(webhook.calls.length, 1);
    assert.match(String(webhook.calls[0]?.body["message"]), /: 6 failures in a row,/);
  });

  it("replaces no file that is not its own", async () => {
    for (const text of ["a log line\n", "{}", "null", "[1]"]) {
      writeFileSync(state, text);
      const { code, stderr } = await counted();
      assert.equal(code, 1);
      assert.equal(
        stderr,
        "telltale: the state can't be used, so no alert is sent: it is no state of check-url\n",
      );
      assert.ok(isDocumentedMessage(stderr));
      assert.equal(readFileSync(state, "utf8"), text);
    }
    const { code, stderr } = await check([siteUrl(), "--state", join(folder, "none", "state")], {
      env: { TELLTALE_ALERT_URL: webhook.url },
    });
    assert.equal(code, 1);
    assert.match(stderr, /no alert is sent: ENOENT\n$/);
    assert.ok(!existsSync(join(folder, "none")));
  });

  it("warns once of a certificate that expires soon, and exits with 1", async () => {
    const env = {
      NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"),
      TELLTALE_ALERT_URL: webhook.url,
    };
    const url = `https://127.0.0.1:${secure.port}/`;
    const plain = await check([url, "--certificate-days", "0", "--json"], { env });
    assert.equal(plain.code, 0, plain.stdout);
    const { certificateDays } = JSON.parse(plain.stdout) as { certificateDays: number };
    const days = String(Math.min(certificateDays + 1, 1000));
    for (const _ of [1, 2]) {
      const { code, stdout } = await check([url, "--certificate-days", days, "--state", state], {
        env,
      });
      assert.equal(code, 1);
      assert.match(stdout, /is up: .*, and its certificate expires in \d+ days\n$/);
    }
    assert.deepEqual(webhook.messages, [
      `the certificate of 127.0.0.1:${secure.port} expires in ${certificateDays} days`,
    ]);
  });

  it("is down with a certificate that is not trusted", async () => {
    const { code, stdout } = await check([`https://127.0.0.1:${secure.port}/`]);
    assert.equal(code, 1);
    assert.match(stdout, /is down: failed \(\w*(?:CERT|SIGNATURE)\w*\)/);
  });

  it("prints its help, whatever else is wrong", async () => {
    const { code, stdout, stderr } = await check(["--help", "--nonsense"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, /^telltale check-url URL/);
    assert.deepEqual(
      stdout.split("\n").filter((line) => line.length > 80),
      [],
    );
  });
});
