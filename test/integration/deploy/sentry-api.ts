import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export type Step = "release" | "finalize" | "deploy" | "list";

/** A request that the API has received. */
export interface ApiCall {
  readonly step: Step;
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** What the API does with one request; by default what Sentry does. */
export interface Answer {
  /** "destroyed": the connection is closed without a response. "none": it stays open. */
  readonly status?: number | "destroyed" | "none";
  readonly statusText?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is HTML. */
  readonly body?: unknown;
  /** Whether a deploy is stored, whatever the status. */
  readonly isStored?: boolean;
}

/** Sentry's API of releases, with given answers. */
export class SentryApi {
  readonly calls: ApiCall[] = [];
  readonly #answers = new Map<Step, Answer[]>();
  readonly #server: Server;
  readonly #scheme: string;
  #deploys: object[] = [];
  #versions = new Set<string>();

  private constructor(tls?: { readonly key: string; readonly cert: string }) {
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#respond(request, response);
    };
    this.#server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
    this.#scheme = tls === undefined ? "http" : "https";
  }

  static async start(tls?: { readonly key: string; readonly cert: string }): Promise<SentryApi> {
    const api = new SentryApi(tls);
    api.#server.listen(0, "127.0.0.1");
    await once(api.#server, "listening");
    return api;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The steps of all requests. */
  get steps(): Step[] {
    return this.calls.map(({ step }) => step);
  }

  /** Number of deploys that are stored. */
  get deploys(): number {
    return this.#deploys.length;
  }

  /** Sets the answers to the next requests of a step. */
  answer(step: Step, ...answers: readonly Answer[]): void {
    this.#answers.set(step, [...answers]);
  }

  clear(): void {
    this.calls.length = 0;
    this.#answers.clear();
    this.#deploys = [];
    this.#versions.clear();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    const step = stepOf(method, url);
    const body = method === "GET" ? undefined : await json(request);
    this.calls.push({ step, method, path: url, authorization: headers.authorization, body });
    const answer = this.#answers.get(step)?.shift() ?? {};
    const usual = this.#usualAnswer(step, body as object, answer);
    const { status } = { ...usual, ...answer };
    if (status === "none") return;
    if (status === "destroyed") {
      // `response.destroy()` alone leaves the client waiting on some versions of Node.
      request.socket.destroy();
      return;
    }
    const content = answer.body ?? usual.body;
    const type = typeof content === "string" ? "text/html" : "application/json";
    response.writeHead(status, answer.statusText, { "content-type": type, ...answer.headers });
    response.end(typeof content === "string" ? content : JSON.stringify(content));
  }

  #usualAnswer(step: Step, body: object, answer: Answer): { status: number; body: unknown } {
    const isAccepted = answer.status === undefined || answer.isStored === true;
    switch (step) {
      case "release": {
        const { version } = body as { version: string };
        const status = this.#versions.has(version) ? 208 : 201;
        if (isAccepted) this.#versions.add(version);
        return { status, body: { version } };
      }
      case "finalize":
        return { status: 200, body };
      case "deploy": {
        const deploy = { id: String(42 + this.#deploys.length), name: null, ...body };
        if (isAccepted) this.#deploys.unshift(deploy);
        return { status: 201, body: deploy };
      }
      case "list":
        return { status: 200, body: this.#deploys };
    }
  }
}

function stepOf(method: string, url: string): Step {
  if (method === "PUT") return "finalize";
  if (method === "GET") return "list";
  return url.endsWith("/deploys/") ? "deploy" : "release";
}
