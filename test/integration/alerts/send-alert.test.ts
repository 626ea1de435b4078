import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { pollUntilTrue } from "../../until.ts";
import { isDocumentedMessage } from "../bad-input/documented-messages.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../program.ts";
import { Webhook } from "../../operations/receivers/webhook.ts";

const SECRET = "s3cretOfTheWebhook";

const apps: Readonly<Record<string, string>> = {
  "a CommonJS app": fileURLToPath(new URL("app.cjs", import.meta.url)),
  "an app of ES modules": fileURLToPath(new URL("app.mjs", import.meta.url)),
};
const [file = ""] = Object.values(apps);

interface EndRow {
  readonly title: string;
  readonly scenario: string;
  readonly end: Partial<ProgramResult>;
}

const ends: readonly EndRow[] = [
  { title: "ends by itself", scenario: "ends", end: { code: 0, signal: null } },
  { title: "calls process.exit", scenario: "exits", end: { code: 3, signal: null } },
  { title: "throws", scenario: "throws", end: { code: 1, signal: null } },
  { title: "is killed", scenario: "killed", end: { code: null, signal: "SIGTERM" } },
];

describe("sendAlert", () => {
  let webhook: Webhook;
  let receiver: Receiver;
  before(async () => {
    [webhook, receiver] = await Promise.all([Webhook.start(), startReceiver()]);
  });
  after(() => Promise.all([webhook.close(), receiver.close()]));
  beforeEach(() => {
    webhook.clear();
    receiver.clear();
  });

  const start = (
    scenario: string,
    env: Readonly<Record<string, string>> = {},
    app: string = file,
  ): Program =>
    new Program({
      file: app,
      args: [scenario],
      flags: preload.import,
      env: {
        ...telemetryEnv(receiver),
        SENTRY_ENVIRONMENT: "production",
        SENTRY_RELEASE: "warehouse@1.2.3",
        TELLTALE_ALERT_URL: `${webhook.url}/hook/${SECRET}`,
        ...env,
      },
    });

  const ended = async (program: Program): Promise<ProgramResult> => {
    const result = await program.ended;
    await webhook.settled();
    assert.ok(!`${result.stdout}${result.stderr}`.includes(SECRET), result.stderr);
    const messages = result.stderr.split("\n").filter((line) => line.startsWith("telltale: "));
    for (const message of messages) assert.ok(isDocumentedMessage(message), message);
    return result;
  };

  for (const [title, app] of Object.entries(apps)) {
    it(`sends an alert of ${title} while it runs, with the active trace and no secret`, async () => {
      const program = start(
        "stays",
        { TELLTALE_TRACE_URL: "https://grafana.example/explore?trace={trace_id}&s={service}" },
        app,
      );
      await pollUntilTrue(() => webhook.calls.length > 0, "the alert");
      program.kill("SIGTERM");
      const { code, stdout, stderr } = await ended(program);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const traceId = stdout.trim();
      const traceUrl = `https://grafana.example/explore?trace=${traceId}&s=warehouse`;
      const { timestamp: _, ...body } = webhook.calls[0]?.body ?? {};
      assert.deepEqual(body, {
        text: `ERROR: no <order> for an hour: token=REDACTED\nwarehouse · production · warehouse@1.2.3 · ${traceUrl}`,
        message: "no <order> for an hour: token=REDACTED",
        severity: "error",
        service: "warehouse",
        environment: "production",
        release: "warehouse@1.2.3",
        trace_id: traceId,
        trace_url: traceUrl,
        fields: { shop: "Bern & Biel", apiKey: "REDACTED", count: "0", list: "[1]" },
      });
      assert.equal(webhook.calls.length, 1);
    });
  }

  it("sends Slack's form to a webhook of Slack", async () => {
    const program = start("stays", {
      TELLTALE_ALERT_URL: `${webhook.url}/services/T000/B000/${SECRET}`,
      TELLTALE_TRACE_URL: "https://grafana.example/explore?trace={trace_id}&s=a|b",
    });
    await pollUntilTrue(() => webhook.calls.length > 0, "the alert");
    program.kill("SIGTERM");
    const { stdout } = await ended(program);
    const traceId = stdout.trim();
    assert.deepEqual(webhook.calls[0]?.body, {
      text: [
        ":x: *error* no &lt;order&gt; for an hour: token=REDACTED",
        "• shop: Bern &amp; Biel",
        "• apiKey: REDACTED",
        "• count: 0",
        "• list: [1]",
        `warehouse · production · warehouse@1.2.3 · <https://grafana.example/explore?trace=${traceId}&amp;s=a%7Cb|trace ${traceId}>`,
      ].join("\n"),
      unfurl_links: false,
      unfurl_media: false,
    });
  });

  it("is no traffic of the app: there is neither a span nor a metric of it", async () => {
    const program = start("stays", { OTEL_METRICS_EXPORTER: "otlp" });
    await pollUntilTrue(() => webhook.calls.length > 0, "the alert");
    program.kill("SIGTERM");
    await ended(program);
    await receiver.settled();
    assert.deepEqual(
      receiver.spans.map(({ name }) => name),
      ["order"],
    );
    assert.equal(webhook.calls[0]?.headers["traceparent"], undefined);
    assert.ok(!JSON.stringify(receiver.metrics).includes(SECRET));
    assert.deepEqual(
      receiver.metrics.filter(({ name }) => name.startsWith("http.client.")),
      [],
    );
  });

  for (const { title, scenario, end } of ends) {
    it(`arrives once if the app ${title} at once, whose end stays the same`, async () => {
      const { code, signal, stderr } = await ended(start(scenario));
      assert.deepEqual({ code, signal }, end);
      assert.deepEqual(webhook.messages, ["disk full"]);
      if (scenario !== "throws") assert.equal(stderr, "");
    });
  }

  it("sends few of 10,000 alerts, and the number of those left out", async () => {
    const { code, stdout, stderr } = await ended(start("storm"));
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    // The end of the process sends at the same time what waits.
    assert.deepEqual(webhook.messages.map(String).toSorted(), [
      "9995 more alerts were left out within a minute, the latest: order 10000 failed",
      ...[1, 2, 3, 4, 5].map((number) => `order ${number} failed`),
    ]);
    const omitted = webhook.calls.map(({ body }) => body).find((body) => "omitted" in body);
    assert.deepEqual([omitted?.["omitted"], omitted?.["severity"]], [9995, "critical"]);
    assert.ok(Number(stdout) < 20_000, `the calls took ${stdout} ms`);
  });

  it("reports what is no alert, and sends the others", async () => {
    const { code, stdout, stderr } = await ended(start("misuse"));
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "done\n" });
    assert.deepEqual(stderr.trimEnd().split("\n"), [
      "telltale: sendAlert expects a text; the call is ignored",
      "telltale: sendAlert expects a severity of info, warning, error, critical; warning is used instead",
    ]);
    assert.deepEqual(webhook.messages.map(String).toSorted(), ["1", "2", "3", "5", "TypeError: 4"]);
    const last = webhook.calls.map(({ body }) => body).find(({ message }) => message === "5");
    assert.deepEqual(last?.["fields"], { big: "10", text: "x".repeat(200) });
  });

  const failures = [
    {
      title: "is refused",
      answer: { status: 404, body: "no_service" },
      limit: "60000",
      reason: "answered 404",
    },
    {
      title: "gets no answer",
      answer: { status: "none" },
      limit: "2000",
      reason: "no answer within the 2000 ms",
    },
    {
      title: "is reset",
      answer: { status: "destroyed" },
      limit: "60000",
      reason: "failed (ECONNRESET)",
    },
  ] as const;
  for (const { title, answer, limit, reason } of failures) {
    it(`ends with the app within the flush limit if the alert ${title}`, async () => {
      webhook.usual = answer;
      const { code, stderr } = await ended(start("exits", { TELLTALE_FLUSH_TIMEOUT: limit }));
      assert.equal(code, 3);
      assert.equal(stderr, `telltale: an alert was not sent: POST ${webhook.url}/*** ${reason}\n`);
      assert.equal(webhook.calls.length, 1);
    });
  }

  it("tries twice while the app runs, and reports one line", async () => {
    webhook.usual = { status: 503 };
    const program = start("stays");
    await pollUntilTrue(() => program.stderr.includes("503"), "the report");
    program.kill("SIGTERM");
    const { code, stderr } = await ended(program);
    assert.equal(code, 0);
    assert.equal(stderr, `telltale: an alert was not sent: POST ${webhook.url}/*** answered 503\n`);
    assert.equal(webhook.calls.length, 2);
  });

  it("waits as long as the receiver asks, before the second attempt", async () => {
    webhook.answer({ status: 429, headers: { "retry-after": "3" } });
    const program = start("stays");
    await pollUntilTrue(() => webhook.calls.length === 2, "the second attempt");
    const [first, second] = webhook.calls;
    // Times of two processes, and a timer that may be early.
    assert.ok(second!.at - first!.at > 2990);
    program.kill("SIGTERM");
    const { stderr } = await ended(program);
    assert.equal(stderr, "");
  });

  it("leaves an app alone whose receiver is unreachable", async () => {
    const port = await freePort();
    const { code, stdout, stderr } = await ended(
      start("storm", { TELLTALE_ALERT_URL: `http://127.0.0.1:${port}/${SECRET}` }),
    );
    assert.equal(code, 0);
    assert.ok(Number(stdout) < 20_000, stdout);
    assert.equal(
      stderr,
      `telltale: an alert was not sent: POST http://127.0.0.1:${port}/*** failed (ECONNREFUSED)\n`,
    );
  });

  it("does nothing without an address, and without the preload", async () => {
    for (const flags of [[], preload.import])
      for (const scenario of ["misuse", "ends"]) {
        const env = { ...telemetryEnv(receiver), TELLTALE_ALERT_URL: "" };
        const { code, stderr } = await new Program({ file, args: [scenario], flags, env }).ended;
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      }
    assert.deepEqual(webhook.calls, []);
  });

  it("is off after an address that can't be used", async () => {
    const { code, stderr } = await ended(
      start("ends", { TELLTALE_ALERT_URL: `hooks.slack.com/services/T0/B0/${SECRET}` }),
    );
    assert.equal(code, 0);
    assert.equal(
      stderr,
      "telltale: TELLTALE_ALERT_URL: received ***, expected a URL that begins with https:// or http:// and a host; using no alerts\n",
    );
  });
});
