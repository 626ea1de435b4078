import { connect, type Socket } from "node:net";
import { hostname } from "node:os";
import { createInterface, type Interface } from "node:readline";
import { connect as connectTls } from "node:tls";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";

/** A mail server that takes messages. */
export interface SmtpTarget {
  readonly host: string;
  readonly port: number;
  /** Whether the connection begins with TLS, instead of STARTTLS. */
  readonly implicitTls: boolean;
  /** Whether a message may be sent without TLS, which a password never is. */
  readonly allowsPlaintext: boolean;
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
}

export interface SmtpEnvelope {
  readonly from: string;
  readonly to: readonly string[];
  /** With CRLF, in ASCII, and without lines that begin with a dot. */
  readonly message: string;
}

/** Sends one message. Resolves to the reason, in words without secrets, if it was not taken. */
export async function sendMail(
  target: SmtpTarget,
  envelope: SmtpEnvelope,
  timeoutMs: number,
): Promise<string | undefined> {
  const session = new SmtpSession(target);
  const timer = setTimeout(() => session.abort(`no answer within ${timeoutMs} ms`), timeoutMs);
  try {
    await session.send(envelope);
    return undefined;
  } catch (error) {
    return `${target.host}:${target.port}: ${reasonOf(error)}`;
  } finally {
    clearTimeout(timer);
    session.close();
  }
}

/** A refusal of the server, or of this client. */
class SmtpError extends Error {}

interface Reply {
  readonly code: number;
  readonly lines: readonly string[];
}

/** More than any server writes as one reply. */
const MAX_REPLY_LINES = 100;

/** One connection (RFC 5321, 3207 and 4954). */
class SmtpSession {
  readonly #target: SmtpTarget;
  readonly #aborted: PromiseWithResolvers<never> = Promise.withResolvers();
  #socket: Socket;
  #lines: Interface;
  #iterator: AsyncIterator<string>;
  #isEncrypted: boolean;

  constructor(target: SmtpTarget) {
    this.#target = target;
    // It may never be waited for.
    this.#aborted.promise.catch(() => {});
    const { host, port, implicitTls } = target;
    this.#socket = implicitTls
      ? connectTls({ host, port, servername: serverName(host) })
      : connect({ host, port });
    this.#isEncrypted = implicitTls;
    [this.#lines, this.#iterator] = this.#read();
  }

  async send({ from, to, message }: SmtpEnvelope): Promise<void> {
    await this.#expect("the connection", 220);
    const extensions = await this.#hello();
    await this.#authenticate(extensions);
    await this.#command(`MAIL FROM:<${from}>`, "the sender", 250);
    for (const address of to)
      await this.#command(`RCPT TO:<${address}>`, `the recipient ${address}`, 250, 251);
    await this.#command("DATA", "the message", 354);
    await this.#command(
      `${message.endsWith("\r\n") ? message : `${message}\r\n`}.`,
      "the message",
      250,
    );
    this.#socket.write("QUIT\r\n");
  }

  abort(reason: string): void {
    this.#aborted.reject(new SmtpError(reason));
  }

  close(): void {
    this.#lines.close();
    // The server may not read QUIT, so nothing waits for its end.
    this.#socket.destroySoon();
    this.#socket.unref();
  }

  /** Returns the extensions of the server, after STARTTLS if it offers that. */
  async #hello(): Promise<readonly string[]> {
    const extensions = await this.#ehlo();
    if (this.#isEncrypted) return extensions;
    if (!extensions.includes("STARTTLS")) {
      if (this.#target.allowsPlaintext) return extensions;
      throw new SmtpError("offers no STARTTLS, and --smtp-plaintext is not set");
    }
    await this.#command("STARTTLS", "STARTTLS", 220);
    await this.#encrypt();
    return this.#ehlo();
  }

  async #ehlo(): Promise<readonly string[]> {
    const name = hostname().replace(/[^\w.-]/g, "") || "localhost";
    const { lines } = await this.#command(`EHLO ${name}`, "EHLO", 250);
    return lines.map((line) => line.toUpperCase());
  }

  async #encrypt(): Promise<void> {
    this.#lines.close();
    const { host } = this.#target;
    // What was sent before the handshake is not read: it is no part of the encrypted session.
    const plain = this.#socket.removeAllListeners();
    // The encrypted socket reports the errors of this one.
    plain.on("error", () => {});
    this.#socket = connectTls({ socket: plain, servername: serverName(host), host });
    this.#isEncrypted = true;
    [this.#lines, this.#iterator] = this.#read();
  }

  async #authenticate(extensions: readonly string[]): Promise<void> {
    const { credentials } = this.#target;
    if (credentials === undefined) return;
    if (!this.#isEncrypted) throw new SmtpError("offers no STARTTLS for the password");
    const { user, password } = credentials;
    const offer = extensions.find((line) => /^AUTH[ =]/.test(line)) ?? "";
    const mechanisms = offer.split(/[ =]/);
    if (mechanisms.includes("PLAIN")) {
      await this.#command(`AUTH PLAIN ${encode(`\0${user}\0${password}`)}`, "the password", 235);
    } else if (mechanisms.includes("LOGIN")) {
      await this.#command("AUTH LOGIN", "AUTH LOGIN", 334);
      await this.#command(encode(user), "the user", 334);
      await this.#command(encode(password), "the password", 235);
    } else throw new SmtpError("offers neither AUTH PLAIN nor AUTH LOGIN");
  }

  /** @param what is named in the error: the line may have the password. */
  async #command(line: string, what: string, ...accepted: readonly number[]): Promise<Reply> {
    this.#socket.write(`${line}\r\n`);
    return this.#expect(what, ...accepted);
  }

  async #expect(what: string, ...accepted: readonly number[]): Promise<Reply> {
    const reply = await Promise.race([this.#reply(), this.#aborted.promise]);
    if (accepted.includes(reply.code)) return reply;
    const { password = "", user = "" } = this.#target.credentials ?? {};
    const words = reply.lines.join(" ");
    const forms = [password, encode(password), encode(`\0${user}\0${password}`)];
    const isSecret = password !== "" && forms.some((secret) => words.includes(secret));
    const text = isSecret ? "" : ` (${excerpt(words, 200)})`;
    throw new SmtpError(`answered ${reply.code} to ${what}${text}`);
  }

  async #reply(): Promise<Reply> {
    const lines: string[] = [];
    while (lines.length < MAX_REPLY_LINES) {
      const next = await this.#iterator.next();
      if (next.done === true) throw new SmtpError("closed the connection");
      const [, code, separator, text = ""] = /^(\d{3})([ -]?)(.{0,500})/.exec(next.value) ?? [];
      if (code === undefined) throw new SmtpError("is no mail server");
      lines.push(text);
      if (separator !== "-") return { code: Number(code), lines };
    }
    throw new SmtpError("is no mail server");
  }

  #read(): [Interface, AsyncIterator<string>] {
    const lines = createInterface({ input: this.#socket, crlfDelay: Infinity });
    this.#socket.on("error", (error) => this.#aborted.reject(error));
    return [lines, lines[Symbol.asyncIterator]()];
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** An address is no name for TLS. */
function serverName(host: string): string {
  return /^[\d.]+$|:/.test(host) ? "" : host;
}

function reasonOf(error: unknown): string {
  if (error instanceof SmtpError) return error.message;
  const { code, name } = error as NodeJS.ErrnoException;
  const text = code ?? name;
  return /CERT|ISSUER|SELF_SIGNED|SIGNATURE|ALTNAME/.test(text)
    ? `has a certificate that is not trusted (${text}); check NODE_EXTRA_CA_CERTS`
    : `failed (${text})`;
}
