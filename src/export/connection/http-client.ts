import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Agent } from "node:https";
import type { Socket } from "node:net";
import type { OtlpConfig } from "../../config/config.ts";
import { createAgent, httpModuleFor } from "./agent.ts";
import type { Attempt } from "./attempt.ts";
import { MAX_RESPONSE_BYTES } from "./export-connection.ts";
import { type ProxyEnvironment, proxyEnvironment } from "./proxy.ts";
import { unrefSocket } from "./unref-socket.ts";

export interface HttpClientOptions {
  readonly url: string;
  /** Default: POST. */
  readonly method?: "GET" | "POST" | "PUT";
  readonly headers: Headers;
  readonly tls?: OtlpConfig["tls"];
  /** Default: no limit. */
  readonly maxSockets?: number;
  /** Default: that of OTLP. */
  readonly maxResponseBytes?: number;
}

type Headers = Readonly<Record<string, string>>;

export interface HttpResponse {
  readonly kind: "response";
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  /** "cut off": by the peer, or by a timeout. Only a complete body is returned. */
  readonly bodyState: "complete" | "cut off" | "too long";
}

export interface HttpFailure {
  readonly kind: "failure";
  readonly error: Error & { readonly code?: string };
  /** Set by `abort`. */
  readonly isAborted: boolean;
  /**
   * The peer closed a kept-alive connection just as it was reused. Node's advice
   * (`request.reusedSocket`) is to retry at once.
   */
  readonly isStaleConnection: boolean;
}

export interface HttpAttempt extends Attempt<HttpResponse | HttpFailure> {
  /** The status of the response, as soon as its head has arrived. */
  readonly status: number | undefined;
}

/**
 * Sends requests to one address over kept-alive connections of HTTP/1.1, by the
 * proxy that Node is configured to use. No connection keeps the process alive.
 */
export class HttpClient {
  readonly proxyEnv: ProxyEnvironment | undefined = proxyEnvironment();
  readonly #url: string;
  readonly #method: string;
  readonly #headers: Headers;
  readonly #agent: Agent;
  readonly #maxResponseBytes: number;

  constructor(options: HttpClientOptions) {
    const { url, method = "POST", headers, tls, maxSockets = Infinity } = options;
    this.#maxResponseBytes = options.maxResponseBytes ?? MAX_RESPONSE_BYTES;
    this.#url = url;
    this.#method = method;
    this.#headers = headers;
    const { proxyEnv } = this;
    this.#agent = createAgent(url, { ...definedOf(tls), maxSockets, proxyEnv });
  }

  /**
   * Starts one request. Never throws.
   *
   * @param url with another query than that of the client. Default: that of the client.
   */
  send(body: Uint8Array, headers?: Headers, url: string = this.#url): HttpAttempt {
    const options = {
      method: this.#method,
      agent: this.#agent,
      headers: this.#requestHeaders(body, headers),
    };
    let request: ClientRequest;
    try {
      request = httpModuleFor(url).request(url, options);
    } catch (error) {
      return failedAttempt(error as Error);
    }
    return new RequestAttempt(request, body, this.#maxResponseBytes);
  }

  /**
   * Names and values in turn, which Node writes as they are: given an object it
   * collects them by `setHeader`, whose code then sees one more class of messages
   * than that of a service, and is slower for the app's own responses (30 property
   * look-ups for each request of Express, counted). Node adds host and length to an
   * object, and not to a list. From a given host it also takes the name for TLS,
   * and for a proxy it adds headers that a list does not get: both stay an object.
   */
  #requestHeaders(body: Uint8Array, headers: Headers = {}): string[] | Headers {
    const all = { ...this.#headers, ...headers };
    if ("host" in all || this.proxyEnv !== undefined) return all;
    const { host } = new URL(this.#url);
    const lines = ["host", host, ...Object.entries(all).flat()];
    lines.push("content-length", String(body.length));
    return lines;
  }
}

class RequestAttempt implements HttpAttempt {
  readonly #request: ClientRequest;
  readonly #maxResponseBytes: number;
  readonly #result = Promise.withResolvers<HttpResponse | HttpFailure>();
  #head: IncomingMessage | undefined = undefined;

  constructor(request: ClientRequest, body: Uint8Array, maxResponseBytes: number) {
    this.#request = request;
    this.#maxResponseBytes = maxResponseBytes;
    request.on("socket", unrefSocket);
    request.on("response", (response) => this.#onResponse(response));
    request.on("upgrade", (response, socket) => this.#onUpgrade(response, socket));
    request.on("error", (error) => this.#fail(error));
    // Reports any other end. A response that is being read ends by itself.
    request.on("close", () => this.#head ?? this.#fail(closedEarly()));
    request.end(body);
  }

  get response(): Promise<HttpResponse | HttpFailure> {
    return this.#result.promise;
  }

  get status(): number | undefined {
    return this.#head?.statusCode;
  }

  isFullyWritten(): boolean {
    return this.#request.writableFinished;
  }

  abort(reason: string): void {
    this.#fail(new Error(reason), true);
    this.#request.destroy();
  }

  #onResponse(response: IncomingMessage): void {
    this.#head = response;
    const parts: Buffer[] = [];
    let size = 0;
    response.on("data", (part: Buffer) => {
      size += part.length;
      parts.push(part);
      if (size <= this.#maxResponseBytes) return;
      this.#succeed(response, "too long");
      response.destroy();
    });
    response.on("end", () => this.#succeed(response, "complete", Buffer.concat(parts)));
    response.on("error", () => this.#succeed(response, "cut off"));
    response.on("close", () => this.#succeed(response, "cut off"));
  }

  /** Node reports a response of 101 as an upgrade. */
  #onUpgrade(response: IncomingMessage, socket: Socket): void {
    this.#head = response;
    this.#succeed(response, "complete");
    socket.destroy();
  }

  #succeed(
    { statusCode, statusMessage, headers }: IncomingMessage,
    bodyState: HttpResponse["bodyState"],
    body: Uint8Array = new Uint8Array(),
  ): void {
    const head = { status: statusCode ?? 0, statusText: statusMessage ?? "", headers };
    this.#result.resolve({ kind: "response", ...head, body, bodyState });
  }

  #fail(error: NodeJS.ErrnoException, isAborted = false): void {
    if (this.#head !== undefined) {
      this.#succeed(this.#head, "cut off");
      return;
    }
    const isLost = error.code === "ECONNRESET" || error.code === "EPIPE";
    const isStaleConnection = this.#request.reusedSocket && isLost;
    this.#result.resolve({ kind: "failure", error, isAborted, isStaleConnection });
  }
}

/** An attempt that failed before it started, for instance by an invalid header. */
function failedAttempt(cause: Error): HttpAttempt {
  const failure = {
    kind: "failure",
    error: cause,
    isAborted: false,
    isStaleConnection: false,
  } as const;
  return {
    response: Promise.resolve(failure),
    status: undefined,
    isFullyWritten: () => false,
    abort: () => {},
  };
}

function closedEarly(): Error {
  return Object.assign(new Error("closed before a response"), { code: "ECONNRESET" });
}

function definedOf(tls: OtlpConfig["tls"] | undefined): Readonly<Record<string, string>> {
  const entries = Object.entries(tls ?? {}).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(entries);
}
