import assert from "node:assert/strict";
import { freePort } from "../../free-port.ts";
import { isDocumentedMessage } from "../bad-input/documented-messages.ts";
import { type CliOptions, type CliResult, runCli, SECRET } from "./cli-program.ts";
import { Webhook, type WebhookAnswer } from "../../operations/receivers/webhook.ts";

interface AnswerRow {
  readonly title: string;
  readonly answers: readonly WebhookAnswer[];
  readonly args?: readonly string[];
  readonly code: number;
  readonly requests: number;
  /** What follows the address on stderr. */
  readonly stderr?: RegExp;
}

const answers: readonly AnswerRow[] = [
  { title: "200", answers: [{}], code: 0, requests: 1 },
  { title: "204", answers: [{ status: 204, body: "" }], code: 0, requests: 1 },
  {
    title: "400 with a word of Slack",
    answers: [{ status: 400, body: "invalid_payload" }],
    code: 1,
    requests: 1,
    stderr: /answered 400 \(invalid_payload\)\n$/,
  },
  {
    title: "404 with a text that repeats the address",
    answers: [{ status: 404, body: `no ${SECRET}` }],
    code: 1,
    requests: 1,
    stderr: /answered 404\n$/,
  },
  {
    title: "a redirect, which is not followed",
    answers: [{ status: 302, headers: { location: `http://127.0.0.1/${SECRET}` } }],
    code: 1,
    requests: 1,
    stderr: /answered 302\n$/,
  },
  { title: "429 once", answers: [{ status: 429 }, {}], code: 0, requests: 2 },
  { title: "503 once", answers: [{ status: 503 }, {}], code: 0, requests: 2 },
  { title: "a reset once", answers: [{ status: "destroyed" }, {}], code: 0, requests: 2 },
  {
    title: "a reset twice",
    answers: [{ status: "destroyed" }, { status: "destroyed" }],
    code: 1,
    requests: 2,
    stderr: /failed \(ECONNRESET\)\n$/,
  },
  {
    // The second attempt has less than a second.
    title: "503, then nothing in the time that is left",
    answers: [{ status: 503 }, { status: "none" }],
    args: ["--timeout", "1.9"],
    code: 1,
    requests: 2,
    stderr: /answered 503\n$/,
  },
  {
    title: "429 with a pause that is too long",
    answers: [{ status: 429, headers: { "retry-after": "3600" } }],
    code: 1,
    requests: 1,
    stderr: /answered 429\n$/,
  },
  {
    title: "nothing",
    answers: [{ status: "none" }],
    args: ["--timeout", "1"],
    code: 1,
    requests: 1,
    stderr: /got no answer within \d+ ms\n$/,
  },
];

interface MisuseRow {
  readonly title: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly lines: readonly string[];
}

const notUrl = "received ***, expected a URL that begins with https:// or http:// and a host";

const misuses: readonly MisuseRow[] = [
  {
    title: "no address",
    args: ["down"],
    env: { TELLTALE_ALERT_URL: " " },
    lines: ["TELLTALE_ALERT_URL is not set: set it, or pass --url, or --mail-to and --smtp"],
  },
  {
    title: "a variable that is no address",
    args: ["down"],
    env: { TELLTALE_ALERT_URL: `T0/B0/${SECRET}` },
    lines: [`TELLTALE_ALERT_URL: ${notUrl}`],
  },
  {
    title: "an option that is no address",
    args: ["down", "--url", `ftp://${SECRET}`],
    lines: [`--url: ${notUrl}`],
  },
  {
    title: "an e-mail without its server and sender",
    args: ["down", "--mail-to", "team@shop.example", "--smtp-plaintext"],
    lines: [
      "--smtp-plaintext needs --smtp",
      "--smtp is missing, such as smtp://reports@mail.example",
      "--mail-from is missing",
    ],
  },
  {
    title: "no message",
    args: [],
    input: " \n",
    lines: ["there is no message: telltale notify MESSAGE"],
  },
  {
    title: "several messages",
    args: ["shop", "down"],
    lines: ["unexpected argument after the message: quote it as a whole"],
  },
  {
    title: "options that are wrong",
    args: ["down", "--severity", "fatal", "--field", "a", "--timeout", "0", "--jsn"],
    lines: [
      "option --jsn is not known, did you mean --json?",
      '--severity: received "fatal", expected info, warning, error, critical',
      "--field: expected name=value",
      '--timeout: received "0", expected seconds, more than 0 and at most 3600',
    ],
  },
];

describe("telltale notify", () => {
  let webhook: Webhook;
  before(async () => {
    webhook = await Webhook.start();
  });
  after(() => webhook.close());
  beforeEach(() => webhook.clear());

  const run = (args: readonly string[], { env, ...rest }: CliOptions = {}): Promise<CliResult> =>
    runCli(["notify", ...args], {
      env: { TELLTALE_ALERT_URL: `${webhook.url}/hook/${SECRET}`, ...env },
      ...rest,
    });

  for (const row of answers) {
    it(`exits with ${row.code} after ${row.requests} requests if the answer is ${row.title}`, async () => {
      webhook.answer(...row.answers);
      const { code, stdout, stderr } = await run(["down", ...(row.args ?? [])]);
      // A request without an answer may be read after the end of the command.
      await webhook.settled();
      assert.deepEqual(
        { code, stdout, requests: webhook.calls.length },
        { code: row.code, stdout: "", requests: row.requests },
      );
      if (row.stderr === undefined) assert.equal(stderr, "");
      else {
        assert.match(stderr, row.stderr);
        assert.ok(isDocumentedMessage(stderr), stderr);
        assert.ok(
          stderr.startsWith(`telltale: the alert was not sent: POST ${webhook.url}/*** `),
          stderr,
        );
      }
    });
  }

  it("exits with 1 if nothing listens", async () => {
    const env = { TELLTALE_ALERT_URL: `http://127.0.0.1:${await freePort()}/${SECRET}` };
    const { code, stderr } = await run(["down", "--json"], { env });
    assert.equal(code, 1);
    assert.match(stderr, /failed \(ECONNREFUSED\)\n$/);
  });

  for (const { title, args, lines, ...rest } of misuses) {
    it(`exits with 2 for ${title}, and sends nothing`, async () => {
      const { code, stdout, stderr } = await run(args, rest);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
      assert.deepEqual(
        stderr.trimEnd().split("\n"),
        lines.map((line) => `telltale: ${line}`),
      );
      assert.deepEqual(webhook.calls, []);
    });
  }

  it("sends message, severity, fields and source, without secrets", async () => {
    const { code, stdout } = await run(
      ["backup of db failed: password=hunter2secret", "--severity=error", "--json"].concat([
        "--field",
        "host=db-1",
        "--field",
        "apiKey=abcdef123456",
      ]),
      {
        env: {
          OTEL_SERVICE_NAME: "backup",
          SENTRY_ENVIRONMENT: "production",
          SENTRY_RELEASE: "backup@1.2.3",
        },
      },
    );
    const [call] = webhook.calls;
    const { timestamp, text: shown, ...body } = call?.body ?? {};
    assert.deepEqual(body, {
      message: "backup of db failed: password=REDACTED",
      severity: "error",
      service: "backup",
      environment: "production",
      release: "backup@1.2.3",
      fields: { host: "db-1", apiKey: "REDACTED" },
    });
    assert.ok(!Number.isNaN(Date.parse(String(timestamp))));
    assert.equal(
      shown,
      "ERROR: backup of db failed: password=REDACTED\nbackup · production · backup@1.2.3",
    );
    assert.equal(call?.headers["content-type"], "application/json");
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), {
      status: "sent",
      url: `${webhook.url}/***`,
      httpStatus: 200,
    });
  });

  it("reads the message from standard input", async () => {
    const { code } = await run(["-", "--url", `${webhook.url}/services/T0/B0/${SECRET}`], {
      input: "disk <full> & more\n",
    });
    assert.equal(code, 0);
    assert.equal(
      webhook.calls[0]?.body["text"],
      ":information_source: *info* disk &lt;full&gt; &amp; more",
    );
  });

  it("reads no more of it than an alert shows", async () => {
    const { code } = await run([], { input: "x".repeat(5_000_000) });
    assert.equal(code, 0);
    assert.equal(String(webhook.calls[0]?.body["message"]).length, 3001);
  });

  it("prints its help, whatever else is wrong", async () => {
    const { code, stdout, stderr } = await run(["--help", "--nonsense"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, /^telltale notify MESSAGE/);
    assert.deepEqual(
      stdout.split("\n").filter((line) => line.length > 80),
      [],
    );
  });
});
