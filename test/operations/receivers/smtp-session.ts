import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

export interface SmtpReceiverOptions {
  /** With it, STARTTLS is offered, and required before AUTH. */
  readonly certificate?: { readonly key: string; readonly cert: string };
  /** Whether a connection begins with TLS (port 465), instead of STARTTLS. */
  readonly implicitTls?: boolean;
  /** With it, AUTH PLAIN and LOGIN are offered, and required. */
  readonly credentials?: { readonly user: string; readonly password: string };
}

/** What a session has shown about a message. */
export interface ReceivedEnvelope {
  /** The address of MAIL FROM. */
  readonly sender: string;
  /** The addresses of RCPT TO. */
  readonly recipients: readonly string[];
  readonly isEncrypted: boolean;
  /** The user that has logged in. */
  readonly user: string | undefined;
  /** The message as it was sent, with CRLF; each character is a byte. */
  readonly source: string;
}

export interface SmtpSessionOptions extends SmtpReceiverOptions {
  /** Replies instead of the usual ones, by command. */
  readonly replies: ReadonlyMap<string, string>;
  onCommand(command: string): void;
  onMail(envelope: ReceivedEnvelope): void;
}

/** What the next line is. */
type Expected = "command" | "plain" | "login user" | "login password" | "data";

/** One connection of a client (RFC 5321, 3207, 4954). */
export class SmtpSession {
  readonly #options: SmtpSessionOptions;
  #socket: Socket;
  #isEncrypted = false;
  /** Bytes of a line that has not ended. */
  #input = "";
  #expected: Expected = "command";
  #loginUser = "";
  #user: string | undefined;
  #sender: string | undefined;
  #recipients: string[] = [];
  #data: string[] = [];

  constructor(socket: Socket, options: SmtpSessionOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  start(): void {
    if (this.#options.implicitTls === true) this.#encrypt();
    else this.#listen();
    this.#reply("CONNECT", "220 receiver.example ESMTP");
  }

  #encrypt(): void {
    const { certificate } = this.#options;
    this.#socket.removeAllListeners("data");
    this.#socket = new TLSSocket(this.#socket, { isServer: true, ...certificate });
    this.#isEncrypted = true;
    // Lines that were sent before the handshake don't belong to the encrypted session.
    this.#input = "";
    this.#listen();
  }

  #listen(): void {
    // A client may close the connection at any time, or not trust the certificate.
    this.#socket.on("error", () => {});
    this.#socket.setEncoding("latin1").on("data", (chunk: string) => {
      this.#input += chunk;
      for (let end = this.#input.indexOf("\r\n"); end >= 0; end = this.#input.indexOf("\r\n")) {
        const line = this.#input.slice(0, end);
        this.#input = this.#input.slice(end + 2);
        this.#takeLine(line);
      }
    });
  }

  #takeLine(line: string): void {
    switch (this.#expected) {
      case "command":
        this.#runCommand(line);
        return;
      case "data":
        this.#takeData(line);
        return;
      case "plain":
        this.#checkPlain(line);
        return;
      case "login user":
        this.#loginUser = decode(line);
        this.#expect("login password", "UGFzc3dvcmQ6");
        return;
      case "login password":
        this.#check(this.#loginUser, decode(line));
    }
  }

  #runCommand(line: string): void {
    const [name = "", ...words] = line.split(" ");
    const command = name.toUpperCase();
    this.#options.onCommand(command === "AUTH" ? `AUTH ${words[0]}` : line);
    switch (command) {
      case "EHLO":
        this.#reply("EHLO", this.#extensions());
        return;
      case "HELO":
        this.#reply("HELO", "250 receiver.example");
        return;
      case "STARTTLS":
        this.#reply("STARTTLS", "220 ready");
        if (!this.#options.replies.has("STARTTLS")) this.#encrypt();
        return;
      case "AUTH":
        this.#authenticate(words);
        return;
      case "MAIL":
        this.#takeSender(line);
        return;
      case "RCPT":
        if (!this.#options.replies.has("RCPT")) this.#recipients.push(addressIn(line));
        this.#reply("RCPT", "250 recipient taken");
        return;
      case "DATA":
        if (this.#recipients.length === 0) this.#reply("DATA", "503 no recipients");
        else this.#expect("data", "end data with a dot", "DATA");
        return;
      case "RSET":
      case "NOOP":
        this.#reply(command, "250 done");
        return;
      case "QUIT":
        this.#reply("QUIT", "221 closing");
        this.#socket.end();
        return;
      default:
        this.#reply(command, "502 unknown command");
    }
  }

  #extensions(): string {
    const { certificate, credentials } = this.#options;
    const offersTls = certificate !== undefined && !this.#isEncrypted;
    const offersAuth = credentials !== undefined && !offersTls;
    const lines = [
      "receiver.example",
      "8BITMIME",
      ...(offersTls ? ["STARTTLS"] : []),
      ...(offersAuth ? ["AUTH PLAIN LOGIN"] : []),
    ];
    return lines.map((line, at) => `250${at < lines.length - 1 ? "-" : " "}${line}`).join("\r\n");
  }

  #takeSender(line: string): void {
    const { credentials } = this.#options;
    if (credentials !== undefined && this.#user === undefined) {
      this.#reply("MAIL", "530 5.7.0 authentication required");
      return;
    }
    this.#sender = addressIn(line);
    this.#recipients = [];
    this.#reply("MAIL", "250 sender taken");
  }

  #authenticate([mechanism = "", initial]: readonly string[]): void {
    switch (mechanism.toUpperCase()) {
      case "PLAIN":
        if (initial === undefined) this.#expect("plain", "");
        else this.#checkPlain(initial);
        return;
      case "LOGIN":
        if (initial === undefined) this.#expect("login user", "VXNlcm5hbWU6");
        else {
          this.#loginUser = decode(initial);
          this.#expect("login password", "UGFzc3dvcmQ6");
        }
        return;
      default:
        this.#reply("AUTH", "504 unknown mechanism");
    }
  }

  #checkPlain(line: string): void {
    const [, user = "", password = ""] = decode(line).split("\0");
    this.#check(user, password);
  }

  #check(user: string, password: string): void {
    const { credentials } = this.#options;
    const isRight = user === credentials?.user && password === credentials.password;
    this.#expected = "command";
    if (isRight) this.#user = user;
    this.#reply("AUTH", isRight ? "235 logged in" : "535 5.7.8 wrong user or password");
  }

  #takeData(line: string): void {
    if (line !== ".") {
      // Dots at the start of a line are doubled.
      this.#data.push(line.startsWith(".") ? line.slice(1) : line);
      return;
    }
    const envelope = {
      sender: this.#sender ?? "",
      recipients: this.#recipients,
      isEncrypted: this.#isEncrypted,
      user: this.#user,
      source: this.#data.map((text) => `${text}\r\n`).join(""),
    };
    this.#expected = "command";
    this.#data = [];
    this.#recipients = [];
    if (!this.#options.replies.has("MESSAGE")) this.#options.onMail(envelope);
    this.#reply("MESSAGE", "250 message taken");
  }

  /** Requests a line that is no command, unless the reply is another one. */
  #expect(next: Expected, text: string, command = "AUTH"): void {
    const usual = `${next === "data" ? 354 : 334} ${text}`;
    this.#expected = this.#options.replies.has(command) ? "command" : next;
    this.#reply(command, usual);
  }

  #reply(command: string, usual: string): void {
    const reply = this.#options.replies.get(command) ?? usual;
    if (reply !== "") this.#socket.write(`${reply}\r\n`);
  }
}

function decode(line: string): string {
  return Buffer.from(line, "base64").toString();
}

function addressIn(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? "";
}
