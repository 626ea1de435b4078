import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Certificates, makeCertificates } from "../../export/certificates.ts";
import { contentOf } from "../../operations/receivers/mail.ts";
import { SmtpReceiver } from "../../operations/receivers/smtp.ts";
import { Webhook } from "../../operations/receivers/webhook.ts";
import { isDocumentedMessage } from "../bad-input/documented-messages.ts";
import { type CliResult, runCli, SECRET } from "./cli-program.ts";
import { Site } from "./site.ts";

const USER = "alerts@shop.example";

describe("Alerts by e-mail", () => {
  const site = new Site();
  let certificates: Certificates;
  let webhook: Webhook;
  /** In plain text, such as a relay on the same host. */
  let relay: SmtpReceiver;
  let folder = "";
  let state = "";
  before(async () => {
    certificates = makeCertificates();
    [webhook, relay] = await Promise.all([Webhook.start(), SmtpReceiver.start(), site.listen()]);
    folder = mkdtempSync(join(tmpdir(), "telltale-mail-"));
    writeFileSync(join(folder, "ca.pem"), certificates.ca);
    writeFileSync(join(folder, "password"), `${SECRET}\n`);
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await Promise.all([webhook.close(), relay.close(), site.close()]);
  });
  beforeEach(() => {
    webhook.clear();
    relay.clear();
    site.status = 200;
    state = join(mkdtempSync(join(folder, "state-")), "state.json");
  });

  const toRelay = (): string[] => [
    ...["--smtp", `smtp://${relay.address}`, "--smtp-plaintext"],
    ...["--mail-from", USER, "--mail-to", "team@shop.example"],
  ];
  const check = (args: readonly string[], env = {}): Promise<CliResult> =>
    runCli(["check-url", url(), "--state", state, ...args], { env });
  const url = (): string => `http://127.0.0.1:${site.port}/healthz`;
  const subjects = (receiver: SmtpReceiver): string[] =>
    receiver.mails.map(({ headers }) =>
      (headers.get("subject") ?? "").replace(/\d{4}-\d\d-[\dT:.]+Z/, "TIME"),
    );

  /** Starts a server that takes messages from a user alone, after STARTTLS. */
  const withLogin = (password: string): Promise<SmtpReceiver> =>
    SmtpReceiver.start({
      certificate: certificates.server,
      credentials: { user: USER, password },
    });
  const toServer = ({ port }: SmtpReceiver): string[] => [
    ...["--smtp", `smtp://${USER}@localhost:${port}`],
    ...["--smtp-password-file", join(folder, "password")],
    ...["--mail-to", "Team <team@shop.example>", "--mail-to", "boss@shop.example"],
  ];

  it("are sent once after three failures, and at the recovery, with a password after STARTTLS", async () => {
    const server = await withLogin(SECRET);
    const env = { NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"), OTEL_SERVICE_NAME: "shop" };
    try {
      const codes: (number | null)[] = [];
      const counts: number[] = [];
      for (const status of [500, 503, 503, 503, 200, 200]) {
        site.status = status;
        const { code, stderr } = await check(toServer(server), env);
        assert.equal(stderr, "");
        codes.push(code);
        counts.push(server.mails.length);
      }
      assert.deepEqual(
        [codes, counts],
        [
          [1, 1, 1, 1, 0, 0],
          [0, 0, 1, 1, 2, 2],
        ],
      );
      const [down] = server.mails;
      assert.ok(down !== undefined);
      assert.deepEqual([down.isEncrypted, down.user, down.sender], [true, USER, USER]);
      assert.deepEqual(down.recipients, ["team@shop.example", "boss@shop.example"]);
      assert.deepEqual(subjects(server), [
        `CRITICAL: ${url()} is down since TIME: 3 failures in a row, the last one answered 503`,
        `INFO: ${url()} is up again: answered 200; it was down since TIME`,
      ]);
      assert.deepEqual(
        down.parts.map(({ type }) => type),
        ["text/plain"],
      );
      const text = contentOf(down, "text/plain") ?? "";
      assert.match(text, /is down since .*: 3 failures in a row, the last one answered 503\n\n/);
      assert.match(text, /^severity: critical\ntime: .*Z\nservice: shop\n/m);
    } finally {
      await server.close();
    }
  });

  it("are not sent with a wrong password, which is reported without it", async () => {
    const server = await withLogin("another");
    site.status = 500;
    try {
      const { code, stderr } = await check([...toServer(server), "--failures", "1"], {
        NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"),
      });
      assert.equal(code, 1);
      assert.match(stderr, /^telltale: the alert was not sent: e-mail to .* answered 535 /);
      assert.deepEqual(server.mails, []);
    } finally {
      await server.close();
    }
  });

  it("are sent by the next check if the server refuses them, and not again to the webhook", async () => {
    site.status = 500;
    const env = { TELLTALE_ALERT_URL: `${webhook.url}/${SECRET}` };
    relay.reply("RCPT", "450 try again later");
    const refused = await check([...toRelay(), "--failures", "1"], env);
    assert.equal(refused.code, 1);
    assert.equal(
      refused.stderr,
      `telltale: the alert was not sent: e-mail to team@shop.example: ${relay.address}: answered 450 to the recipient team@shop.example (try again later)\n`,
    );
    assert.ok(isDocumentedMessage(refused.stderr));
    assert.deepEqual([relay.mails.length, webhook.calls.length], [0, 1]);
    relay.clear();
    for (const _ of [1, 2]) {
      const { code, stderr } = await check([...toRelay(), "--failures", "1"], env);
      assert.deepEqual([code, stderr], [1, ""]);
    }
    assert.deepEqual([relay.mails.length, webhook.calls.length], [1, 1]);

    site.status = 200;
    relay.reply("MESSAGE", "451 try again later");
    assert.equal((await check([...toRelay(), "--failures", "1"], env)).code, 1);
    relay.clear();
    for (const _ of [1, 2])
      assert.equal((await check([...toRelay(), "--failures", "1"], env)).code, 0);
    assert.deepEqual(subjects(relay), [
      `INFO: ${url()} is up again: answered 200; it was down since TIME`,
    ]);
    assert.deepEqual(
      webhook.calls.map(({ body }) => body["severity"]),
      ["critical", "info"],
    );
  });

  it("report once that the state can't be used", async () => {
    writeFileSync(state, "a log line\n");
    const { code, stderr } = await check(toRelay(), { TELLTALE_ALERT_URL: webhook.url });
    assert.equal(code, 1);
    assert.equal(
      stderr,
      "telltale: the state can't be used, so no alert is sent: it is no state of check-url\n",
    );
  });

  it("are sent by telltale notify, without secrets", async () => {
    const { code, stdout, stderr } = await runCli([
      ...["notify", "backup of db failed: password=hunter2secret\nBcc: all@shop.example"],
      ...["--severity", "error", "--field", "host=db-1", "--json", ...toRelay()],
    ]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(JSON.parse(stdout), { status: "sent", mail: { to: ["team@shop.example"] } });
    assert.deepEqual(subjects(relay), ["ERROR: backup of db failed: password=REDACTED"]);
    const [mail] = relay.mails;
    assert.ok(mail !== undefined && !mail.headers.has("bcc"));
    const text = contentOf(mail, "text/plain") ?? "";
    assert.match(text, /^backup of db failed: password=REDACTED\nBcc: all@shop\.example\n\n/);
    assert.match(text, /^host: db-1$/m);
    assert.ok(!text.includes("hunter2"), text);
  });

  it("are sent by telltale notify to the webhook too, whichever of them fails", async () => {
    const env = { TELLTALE_ALERT_URL: `${webhook.url}/${SECRET}` };
    const run = (): Promise<CliResult> =>
      runCli(["notify", `see ${env.TELLTALE_ALERT_URL}`, "--json", ...toRelay()], { env });
    webhook.answer({ status: 404 });
    const noWebhook = await run();
    relay.reply("MAIL", "550 no such sender");
    const noMail = await run();
    assert.deepEqual([noWebhook.code, noMail.code], [1, 1]);
    assert.match(noWebhook.stderr, /^telltale: the alert was not sent: POST \S+ answered 404\n$/);
    assert.match(noMail.stderr, /^telltale: the alert was not sent: e-mail .* answered 550 .*\n$/);
    assert.deepEqual(subjects(relay), ["INFO: see ***"]);
    assert.equal(webhook.messages.at(-1), "see ***");
    assert.partialDeepStrictEqual(JSON.parse(noMail.stdout), {
      ...{ status: "not sent", httpStatus: 200 },
      mail: { to: ["team@shop.example"] },
    });
  });
});
