import type { IncomingMessage, ServerResponse } from "node:http";
import type { Attributes, Context as ApiContext } from "@opentelemetry/api";
import type { Context } from "../context/context.ts";
import { Holder } from "../context/holder.ts";
import { now } from "../clock.ts";
import type { AttributeSource } from "../traces/span.ts";
import { type KnownMethods, methodIn } from "./method.ts";
import { routeOf } from "./route.ts";
import type { Shape } from "./server-metrics.ts";
import { SharedAttributes } from "./shared-attributes.ts";
import { addressOf, queryWithoutSecrets } from "./url.ts";

/**
 * One request that came in over HTTP: its holder, and what its span and its
 * metrics are made of. Only plain values are kept once it has ended, so that a
 * span that waits for its export holds neither request nor response.
 *
 * The span's attributes follow the stable HTTP conventions:
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
 */
export class RequestEntry extends Holder implements AttributeSource {
  readonly startedAt: number = now();
  /** On our clock: before we do anything about it, which loads Sentry the first time. */
  endedAt: number = this.startedAt;
  readonly scheme: "http" | "https";
  /** What it has in common with all requests of its kind; set when it ends. */
  shape: Shape | undefined = undefined;
  /** The method if the conventions know it, else `_OTHER`. */
  override method: string;
  /** Until the end. */
  override request: IncomingMessage | undefined;
  /** Until the end: what an abort still finds out. */
  response: ServerResponse | undefined = undefined;
  aborted = false;
  /** Whether the end was seen, of which several events may tell. */
  left = false;
  /** What the request's listeners run under. */
  context: Context | undefined = undefined;
  /** All open requests of its connection. */
  connection: RequestEntry[] | undefined = undefined;
  readonly #methodGiven: string;
  readonly #url: string;
  readonly #protocolVersion: string;
  readonly #peerAddress: string | undefined;
  readonly #peerPort: number | undefined;
  readonly #host: string | undefined;
  readonly #userAgent: string | undefined;

  constructor(request: IncomingMessage, headers: RequestHeaders, known: KnownMethods) {
    super();
    // One that an app emits by hand may have none.
    const socket = request.socket as
      | (IncomingMessage["socket"] & { encrypted?: boolean })
      | undefined;
    this.request = request;
    this.#methodGiven = request.method ?? "GET";
    this.method = methodIn(known, this.#methodGiven);
    this.scheme = socket?.encrypted === true ? "https" : "http";
    this.#url = request.url ?? "/";
    this.#protocolVersion = request.httpVersion;
    this.#peerAddress = socket?.remoteAddress;
    this.#peerPort = socket?.remotePort;
    this.#host = headers.host;
    this.#userAgent = headers.userAgent;
    this.requestId = headers.requestId;
  }

  get protocolVersion(): string {
    return this.#protocolVersion;
  }

  /** Server spans fail with 5xx only (HTTP span conventions, Status). */
  get failed(): boolean {
    return this.statusCode !== undefined && this.statusCode >= 500;
  }

  get spanName(): string {
    const method = this.method === "_OTHER" ? "HTTP" : this.method;
    return this.route === undefined ? method : `${method} ${this.route}`;
  }

  /** Takes what is known at the end, and lets go of the request. */
  finish(response: Response | undefined): void {
    if (response?.headersSent === true) this.statusCode = response.statusCode;
    try {
      this.routeNow();
    } finally {
      this.request = undefined;
      this.response = undefined;
      this.end();
    }
  }

  override pathNow(): string {
    return splitUrl(this.#url).path;
  }

  /** The route as far as the framework knows it by now. */
  override routeNow(): string | undefined {
    if (this.request !== undefined) this.route ??= routeOf(this.request);
    return this.route;
  }

  shared(): readonly Attributes[] {
    const parts: Attributes[] = [];
    for (const part of [this.shape?.attributes, this.#server, this.#agent]) {
      if (part !== undefined) parts.push(part);
    }
    return parts;
  }

  own(): Attributes {
    const { path, query } = splitUrl(this.#url);
    const attributes: Attributes = { "url.path": path };
    if (this.requestId !== undefined) attributes["telltale.request.id"] = this.requestId;
    if (this.method === "_OTHER") attributes["http.request.method_original"] = this.#methodGiven;
    if (query !== undefined) attributes["url.query"] = queryWithoutSecrets(query);
    if (this.aborted) attributes["telltale.request.aborted"] = true;
    if (this.#peerAddress !== undefined) {
      attributes["client.address"] = this.#peerAddress;
      attributes["network.peer.address"] = this.#peerAddress;
    }
    if (this.#peerPort !== undefined) attributes["network.peer.port"] = this.#peerPort;
    if (this.#server === undefined) Object.assign(attributes, serverAttributes(this.#host));
    if (this.#agent === undefined) Object.assign(attributes, agentAttributes(this.#userAgent));
    return attributes;
  }

  get #server(): Attributes | undefined {
    return servers.of(this.#host);
  }

  get #agent(): Attributes | undefined {
    return agents.of(this.#userAgent);
  }
}

/** What the end of a request is told by. */
export type Response = Pick<ServerResponse, "headersSent" | "statusCode">;

/** What one look over a request's raw headers found. */
export interface RequestHeaders {
  readonly host: string | undefined;
  readonly userAgent: string | undefined;
  readonly requestId: string;
  readonly hasBody: boolean;
  /** The context of the caller, where a propagation header was there. */
  readonly parent: ApiContext;
}

function serverAttributes(host: string | undefined): Attributes {
  if (host === undefined) return {};
  const { address, port } = addressOf(host);
  return port === undefined
    ? { "server.address": address }
    : { "server.address": address, "server.port": port };
}

function agentAttributes(userAgent: string | undefined): Attributes {
  return userAgent === undefined ? {} : { "user_agent.original": userAgent };
}

/** A service is called by few names and, mostly, by few kinds of clients. */
const servers = new SharedAttributes(serverAttributes);
const agents = new SharedAttributes(agentAttributes);

/** Splits the request target; an absolute form loses scheme and authority. */
function splitUrl(target: string): { path: string; query: string | undefined } {
  const question = target.indexOf("?");
  const whole = question === -1 ? target : target.slice(0, question);
  return {
    path:
      whole.startsWith("/") || whole === "*"
        ? whole
        : whole.replace(/^[a-z]+:\/\/[^/]*/i, "") || "/",
    query: question === -1 ? undefined : target.slice(question + 1),
  };
}
