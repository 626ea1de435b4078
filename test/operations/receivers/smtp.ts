import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { pollUntil } from "../../until.ts";
import { parseMail, type Mail } from "./mail.ts";
import { type ReceivedEnvelope, type SmtpReceiverOptions, SmtpSession } from "./smtp-session.ts";

/** A message with what the session has shown about its sender. */
export interface ReceivedMail extends ReceivedEnvelope, Mail {}

/**
 * A mail server on localhost that collects the messages it receives. It speaks SMTP as
 * Alertmanager, curl and telltale do: EHLO, STARTTLS, AUTH PLAIN and LOGIN, 8BITMIME.
 */
export class SmtpReceiver {
  /** In the order of their arrival. */
  readonly mails: ReceivedMail[] = [];
  /** All commands of all sessions, without the secrets of AUTH. */
  readonly commands: string[] = [];
  readonly #replies = new Map<string, string>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(options: SmtpReceiverOptions) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      new SmtpSession(socket, {
        ...options,
        replies: this.#replies,
        onCommand: (command) => this.commands.push(command),
        onMail: (envelope) => this.mails.push({ ...envelope, ...parseMail(envelope.source) }),
      }).start();
    });
  }

  static async start(options: SmtpReceiverOptions = {}): Promise<SmtpReceiver> {
    const receiver = new SmtpReceiver(options);
    receiver.#server.listen(0, "127.0.0.1");
    await once(receiver.#server, "listening");
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `127.0.0.1:PORT`, the form of Alertmanager's `smarthost`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /**
   * Sets the reply to a command, such as `550 5.1.1 no such user` to `RCPT`. `CONNECT` is
   * the greeting, and `MESSAGE` the end of the data. An empty reply is none: the client waits.
   */
  reply(command: string, reply: string): void {
    this.#replies.set(command, reply);
  }

  /** Forgets messages, commands and replies. */
  clear(): void {
    this.mails.length = 0;
    this.commands.length = 0;
    this.#replies.clear();
  }

  /** Waits for a message. */
  async waitFor(
    matches: (mail: ReceivedMail) => boolean,
    what: string,
    withinMs?: number,
  ): Promise<ReceivedMail> {
    return pollUntil(
      () => Promise.resolve(this.mails.find(matches)),
      () => `${what}, among ${this.mails.map(({ headers }) => headers.get("subject")).join(", ")}`,
      withinMs,
    );
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }
}
