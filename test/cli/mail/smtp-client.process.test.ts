import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { sendMail, type SmtpTarget } from "../../../src/cli/mail/smtp-client.ts";
import { type Certificates, makeCertificates } from "../../export/certificates.ts";
import { SmtpReceiver } from "../../operations/receivers/smtp.ts";
import type { SmtpReceiverOptions } from "../../operations/receivers/smtp-session.ts";

const credentials = { user: "reports", password: "pässw0rd" };
const envelope = {
  from: "reports@shop.example",
  to: ["team@shop.example", "boss@shop.example"],
  message: "Subject: report\r\n\r\ntext\r\n",
};

interface Row {
  readonly title: string;
  readonly receiver?: (certificates: Certificates) => SmtpReceiverOptions;
  readonly target?: Partial<SmtpTarget>;
  readonly replies?: Readonly<Record<string, string>>;
  /** Undefined: the message is taken. */
  readonly reason?: RegExp;
}

const plain = { allowsPlaintext: true };
const encrypted = ({ server }: Certificates): SmtpReceiverOptions => ({ certificate: server });
const withLogin = ({ server }: Certificates): SmtpReceiverOptions => ({
  certificate: server,
  credentials,
});

const rows: readonly Row[] = [
  { title: "in plain text, if that is allowed", target: plain },
  { title: "in plain text", reason: /offers no STARTTLS, and --smtp-plaintext is not set$/ },
  {
    title: "with a password in plain text",
    receiver: () => ({ credentials }),
    target: { ...plain, credentials },
    reason: /offers no STARTTLS for the password$/,
  },
  { title: "after STARTTLS", receiver: encrypted },
  { title: "after STARTTLS, with a password", receiver: withLogin, target: { credentials } },
  {
    title: "over TLS from the start",
    receiver: (all) => ({ ...withLogin(all), implicitTls: true }),
    target: { implicitTls: true, credentials },
  },
  {
    title: "to a server with a certificate of another host",
    receiver: ({ otherHost }) => ({ certificate: otherHost }),
    reason: /has a certificate that is not trusted \(ERR_TLS_CERT_ALTNAME_INVALID\)/,
  },
  {
    title: "with a wrong password",
    receiver: withLogin,
    target: { credentials: { user: "reports", password: "s3cret" } },
    reason: /answered 535 to the password \(5\.7\.8 wrong user or password\)$/,
  },
  {
    title: "to a server that repeats the password",
    receiver: withLogin,
    target: { credentials },
    replies: { AUTH: "535 no pässw0rd" },
    reason: /answered 535 to the password$/,
  },
  {
    title: "to an unknown recipient",
    target: plain,
    replies: { RCPT: "550 5.1.1 no such user" },
    reason: /answered 550 to the recipient team@shop\.example \(5\.1\.1 no such user\)$/,
  },
  {
    title: "if it is too large",
    target: plain,
    replies: { MESSAGE: "552-too\r\n552 large" },
    reason: /answered 552 to the message \(too large\)$/,
  },
  {
    title: "to a server that is busy",
    target: plain,
    replies: { CONNECT: "421 later" },
    reason: /answered 421 to the connection \(later\)$/,
  },
  {
    title: "to what is no mail server",
    target: plain,
    replies: { CONNECT: "HTTP/1.1 400 Bad Request" },
    reason: /is no mail server$/,
  },
];

describe("An e-mail", () => {
  const trusted = getCACertificates("default");
  let certificates: Certificates;
  before(() => {
    certificates = makeCertificates();
    setDefaultCACertificates([...trusted, certificates.ca]);
  });
  after(() => setDefaultCACertificates(trusted));

  for (const { title, receiver: options, target, replies = {}, reason } of rows) {
    it(`is ${reason === undefined ? "sent" : "not sent"} ${title}`, async () => {
      const receiver = await SmtpReceiver.start(options?.(certificates));
      for (const [command, reply] of Object.entries(replies)) receiver.reply(command, reply);
      try {
        const found = await send({ port: receiver.port, ...target });
        if (reason === undefined) {
          assert.equal(found, undefined);
          const { sender, recipients, source, isEncrypted } = receiver.mails[0]!;
          assert.deepEqual(
            [sender, recipients, source],
            [envelope.from, envelope.to, envelope.message],
          );
          assert.equal(isEncrypted, target?.allowsPlaintext !== true);
        } else {
          assert.match(found ?? "", reason);
          assert.match(found ?? "", /^localhost:\d+: /);
          assert.deepEqual(receiver.mails, []);
        }
      } finally {
        await receiver.close();
      }
    });
  }

  it("is given up after the time limit, if the server does not answer", async () => {
    const receiver = await SmtpReceiver.start();
    receiver.reply("CONNECT", "");
    try {
      const reason = await send({ port: receiver.port }, 100);
      assert.equal(reason, `localhost:${receiver.port}: no answer within 100 ms`);
    } finally {
      await receiver.close();
    }
  });

  it("is not sent to a server that closes the connection, or is not there", async () => {
    const server = createServer((socket) => socket.end("220-receiver\r\n"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    assert.match((await send({ port })) ?? "", /: closed the connection$/);
    server.close();
    await once(server, "close");
    assert.match((await send({ port })) ?? "", /: failed \(ECONNREFUSED\)$/);
  });

  it("is not sent by replies from before the handshake of STARTTLS", async () => {
    // CVE-2021-38371 and others: an attacker's reply must not count as the server's.
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.write("220 receiver\r\n");
      socket.on("data", (data) => {
        if (data.toString().startsWith("EHLO")) socket.write("250-receiver\r\n250 STARTTLS\r\n");
        else if (data.toString().startsWith("STARTTLS"))
          socket.write(
            "220 ready\r\n250 attacker\r\n250 taken\r\n250 taken\r\n354 go\r\n250 taken\r\n",
          );
        else socket.destroy();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    assert.match((await send({ port })) ?? "", /: (?:failed|closed)/);
    server.close();
    await once(server, "close");
  });
});

function send(target: Partial<SmtpTarget>, timeoutMs = 60_000): Promise<string | undefined> {
  return sendMail(
    {
      ...{ host: "localhost", port: 0, implicitTls: false, allowsPlaintext: false },
      ...{ credentials: undefined, ...target },
    },
    envelope,
    timeoutMs,
  );
}
