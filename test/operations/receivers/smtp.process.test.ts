import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Certificates, makeCertificates } from "../../export/certificates.ts";
import { programOrSkip } from "../../programs.ts";
import { contentOf } from "./mail.ts";
import { SmtpReceiver } from "./smtp.ts";
import type { SmtpReceiverOptions } from "./smtp-session.ts";

const MESSAGE = [
  "From: Alerts <alerts@shop.example>",
  "Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?= =?utf-8?B?IMO8YmVy?=",
  "MIME-Version: 1.0",
  "Content-Type: multipart/alternative;",
  " boundary=part",
  "",
  "--part",
  "Content-Type: text/plain; charset=utf-8",
  "Content-Transfer-Encoding: quoted-printable",
  "",
  "Gr=C3=B6=C3=9Fe is a soft =",
  "line",
  ".a line that begins with a dot",
  "--part",
  "Content-Type: text/html; charset=utf-8",
  "Content-Transfer-Encoding: base64",
  "",
  "PGI+w7xiZXI8L2I+",
  "--part--",
  "",
].join("\r\n");

const credentials = { user: "alerts", password: "the password" };

interface Row {
  readonly title: string;
  readonly options: (certificates: Certificates) => SmtpReceiverOptions;
  readonly scheme: "smtp" | "smtps";
  readonly curl: readonly string[];
  readonly expected: { readonly isEncrypted: boolean; readonly user: string | undefined };
}

const login = ["--user", `${credentials.user}:${credentials.password}`];

const rows: readonly Row[] = [
  {
    title: "in plain text",
    options: () => ({}),
    scheme: "smtp",
    curl: [],
    expected: { isEncrypted: false, user: undefined },
  },
  ...["PLAIN", "LOGIN"].map((mechanism) => ({
    title: `after STARTTLS and AUTH ${mechanism}`,
    options: ({ server }: Certificates) => ({ certificate: server, credentials }),
    scheme: "smtp" as const,
    curl: ["--ssl-reqd", ...login, "--login-options", `AUTH=${mechanism}`],
    expected: { isEncrypted: true, user: "alerts" },
  })),
  {
    title: "over TLS from the start",
    options: ({ server }) => ({ certificate: server, implicitTls: true, credentials }),
    scheme: "smtps",
    curl: login,
    expected: { isEncrypted: true, user: "alerts" },
  },
];

describe("The receiver of e-mails, with curl as the client", () => {
  let folder: string;
  let curl: string;
  let certificates: Certificates;
  let receiver: SmtpReceiver | undefined;

  before(function () {
    curl = programOrSkip(this, "curl");
    folder = mkdtempSync(join(tmpdir(), "telltale-smtp-"));
    certificates = makeCertificates();
    writeFileSync(join(folder, "ca.pem"), certificates.ca);
    writeFileSync(join(folder, "mail.txt"), MESSAGE);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(() => receiver?.close());

  /** Resolves to the exit code of curl. */
  async function sendByCurl(
    { scheme, curl: options }: Pick<Row, "scheme" | "curl">,
    port: number,
  ): Promise<number> {
    const mail = ["--mail-from", "alerts@shop.example", "--mail-rcpt", "team@shop.example"];
    const args = ["--silent", "--max-time", "60", "--cacert", join(folder, "ca.pem"), ...mail];
    const url = `${scheme}://127.0.0.1:${port}`;
    const child = spawn(curl, [
      ...args,
      "--upload-file",
      join(folder, "mail.txt"),
      ...options,
      url,
    ]);
    const [code] = (await once(child, "close")) as [number];
    return code;
  }

  for (const row of rows) {
    it(`takes a message ${row.title}`, async () => {
      receiver = await SmtpReceiver.start(row.options(certificates));
      assert.equal(await sendByCurl(row, receiver.port), 0);
      const [mail, ...others] = receiver.mails;
      assert.ok(mail !== undefined && others.length === 0, "one message");
      const { sender, recipients, isEncrypted, user, source } = mail;
      assert.deepEqual({ isEncrypted, user }, row.expected);
      assert.deepEqual([sender, recipients], ["alerts@shop.example", ["team@shop.example"]]);
      assert.equal(source, MESSAGE);
      assert.equal(mail.headers.get("subject"), "Größe über");
      assert.equal(
        contentOf(mail, "text/plain"),
        "Größe is a soft line\n.a line that begins with a dot",
      );
      assert.equal(contentOf(mail, "text/html"), "<b>über</b>");
    });
  }

  it("refuses a wrong password, and a message without one", async () => {
    receiver = await SmtpReceiver.start({ credentials });
    const wrong = ["--user", "alerts:wrong"];
    assert.notEqual(await sendByCurl({ scheme: "smtp", curl: wrong }, receiver.port), 0);
    assert.notEqual(await sendByCurl({ scheme: "smtp", curl: [] }, receiver.port), 0);
    assert.deepEqual(receiver.mails, []);
    assert.ok(!receiver.commands.join(" ").includes("d3Jvbmc"), "no secret is kept");
  });

  it("answers as a test demands", async () => {
    receiver = await SmtpReceiver.start();
    receiver.reply("RCPT", "550 5.1.1 no such user");
    assert.notEqual(await sendByCurl({ scheme: "smtp", curl: [] }, receiver.port), 0);
    assert.deepEqual(receiver.mails, []);
    receiver.clear();
    assert.equal(await sendByCurl({ scheme: "smtp", curl: [] }, receiver.port), 0);
    assert.equal(receiver.mails.length, 1);
  });
});
