import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setImmediate as nextImmediate, setTimeout as pause } from "node:timers/promises";
import { pollUntil } from "../../until.ts";

/** A request that the webhook has received. */
export interface WebhookCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Readonly<Record<string, unknown>>;
  /** The time of its arrival, in milliseconds, before its answer. */
  readonly at: number;
}

/** What the webhook does with one request. Default: 200. */
export interface WebhookAnswer {
  /** "destroyed": the connection is closed without a response. "none": it stays open. */
  readonly status?: number | "destroyed" | "none";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A webhook on localhost, such as Slack's, that collects the JSON it receives. Its answers can be set. */
export class Webhook {
  readonly calls: WebhookCall[] = [];
  readonly #answers: WebhookAnswer[] = [];
  readonly #server: Server = createServer((request, response) => {
    void this.#respond(request, response);
  });
  /** What it answers once the given answers are used up. */
  usual: WebhookAnswer = {};

  static async start(): Promise<Webhook> {
    const webhook = new Webhook();
    webhook.#server.listen(0, "127.0.0.1");
    await once(webhook.#server, "listening");
    return webhook;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** An address with the form of Slack's webhooks. */
  get slackUrl(): string {
    return `${this.url}/services/T0/B0/secret`;
  }

  /** The field `message` of each request. */
  get messages(): unknown[] {
    return this.calls.map(({ body }) => body["message"]);
  }

  /** Sets the answers to the next requests. */
  answer(...answers: readonly WebhookAnswer[]): void {
    this.#answers.push(...answers);
  }

  /** Waits for a request. */
  async waitFor(
    matches: (call: WebhookCall) => boolean,
    what: string,
    withinMs?: number,
  ): Promise<WebhookCall> {
    return pollUntil(
      () => Promise.resolve(this.calls.find(matches)),
      () => `${what}, among ${this.calls.length} requests`,
      withinMs,
    );
  }

  /**
   * Resolves when no client is connected any more: what a process has sent before its exit may
   * be received after Node has reported that exit.
   */
  async settled(): Promise<void> {
    await pollUntil(async () => {
      // A pending connection is accepted by the next immediate after a timer.
      await pause(5);
      await nextImmediate();
      return (await this.#countConnections()) === 0 || undefined;
    }, "the end of all connections to the webhook");
  }

  clear(): void {
    this.calls.length = 0;
    this.#answers.length = 0;
    this.usual = {};
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #countConnections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    });
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: path = "", headers } = request;
    const body = JSON.parse(await text(request)) as WebhookCall["body"];
    this.calls.push({ method, path, headers, body, at: performance.now() });
    const {
      status = 200,
      headers: answered,
      body: content = "ok",
    } = this.#answers.shift() ?? this.usual;
    if (status === "none") return;
    // `response.destroy()` alone leaves the client waiting on some versions of Node.
    if (status === "destroyed") request.socket.destroy();
    else response.writeHead(status, answered).end(content);
  }
}
