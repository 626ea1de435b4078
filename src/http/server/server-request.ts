import type { IncomingMessage, ServerResponse } from "node:http";
import type { Attributes, Context as ApiContext } from "@opentelemetry/api";
import type { Context } from "../../context/context.ts";
import { isClientError } from "../../context/failures.ts";
import { type SocketWithRequests, IN_FLIGHT } from "../../context/in-flight-requests.ts";
import { markThrown } from "../../context/thrown.ts";
import { UnitOfWork } from "../../context/unit-of-work.ts";
import type { ArrivedRequest, BodySizes, UserReader } from "../../context/unit-views.ts";
import { now } from "../../clock.ts";
import type { CachedAttributes, LazyAttributes } from "../../traces/span-attributes.ts";
import type { HttpConnection } from "./http-connection.ts";
import { type KnownMethods, normalizeMethod } from "../method.ts";
import { expressRouteOf } from "./express-route.ts";
import type { RouteSeries } from "./route-series.ts";
import { redactPath, redactQuery } from "../../secrets.ts";

/**
 * Unit of work of one HTTP request, with the data of its span and its metrics. It
 * references only plain values once it has ended, so that a span that waits for its
 * export retains neither the request nor the response.
 *
 * The span's attributes follow the stable HTTP conventions:
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
 */
export class HttpServerRequest extends UnitOfWork implements LazyAttributes {
  readonly startedAt: number = now();
  /** Monotonic time of the end, before any work of telltale, which loads Sentry the first time. */
  endedAt: number = this.startedAt;
  readonly connection: HttpConnection;
  readonly protocolVersion: string;
  /** Data that it has in common with the requests of its route and status; set at the end. */
  series: RouteSeries | undefined = undefined;
  /** The method if it is a known one, else `_OTHER`. */
  declare method: string;
  /** Undefined after the end. */
  declare request: IncomingMessage | undefined;
  /** Undefined after the end; an abort reads it. */
  response: ServerResponse | undefined = undefined;
  /** Why the response was aborted; undefined before that, and if it was sent in full. */
  abort: ResponseAbort | undefined = undefined;
  /** `error.type` of a request that failed without a status of the 500s. */
  errorType: string | undefined = undefined;
  /** Its `Content-Length`, or whether it may have a body nonetheless. */
  readonly announcedBody: string | boolean;
  /** Set at the end, where they are recorded or logged. */
  bodySizes: BodySizes | undefined = undefined;
  /** The name of its span that a hook of the app has chosen. */
  ownSpanName: string | undefined = undefined;
  /** Whether it was finished; several events may report its end. */
  isFinished = false;
  /** Context of the request's listeners. */
  context: Context | undefined = undefined;
  readonly #deps: HttpRequestDeps;
  readonly #originalMethod: string;
  readonly #url: string;
  readonly #clientAttributes: CachedAttributes;
  /** Headers of a request that has ended, where late events have them. */
  #lateHeaders: ArrivedRequest["headers"] = undefined;

  constructor(
    request: IncomingMessage,
    headers: RequestHeaders,
    deps: HttpRequestDeps,
    connection: HttpConnection,
  ) {
    super();
    this.#deps = deps;
    this.connection = connection;
    this.protocolVersion = request.httpVersion;
    this.request = request;
    this.#originalMethod = request.method ?? "GET";
    this.method = normalizeMethod(deps.knownMethods, this.#originalMethod);
    this.#url = request.url ?? "/";
    this.#clientAttributes = connection.clientAttributes(headers.host, headers.userAgent);
    this.announcedBody = headers.contentLength ?? headers.hasBody;
    this.requestId = headers.requestId;
    this.userReader = deps.userReader;
  }

  /** Server spans fail with 5xx (HTTP span conventions, Status), and with an aborted response. */
  get failed(): boolean {
    return this.hasServerErrorStatus || this.errorType !== undefined;
  }

  get hasServerErrorStatus(): boolean {
    return this.statusCode !== undefined && this.statusCode >= 500;
  }

  /** Records an error; once the response has started or the request has ended, it counts whatever the status. */
  override recordError(thrown: unknown): void {
    const error = markThrown(thrown);
    if (error === this.error || error === this.originalError) return;
    if (!this.ended && !this.#isResponseStarted()) {
      super.recordError(error);
      return;
    }
    // Several layers may pass it on: the first one counts.
    if (this.ended) this.error = error;
    if (!isClientError(error)) this.recordFailure(error);
  }

  #isResponseStarted(): boolean {
    if (this.statusCode !== undefined) return true;
    try {
      return this.response?.headersSent === true;
    } catch {
      // A response of the app, which may throw.
      return false;
    }
  }

  override recordFailure(error: unknown): void {
    if (this.ended) this.#deps.onLateFailure(this, error);
    else super.recordFailure(error);
  }

  /** Compares what is left of the request: its connection and its target. */
  override belongedTo(request: object): boolean {
    const { socket, originalUrl, url } = request as FrameworkRequest;
    return (
      this.ended && socket?.[IN_FLIGHT] === this.connection && (originalUrl ?? url) === this.#url
    );
  }

  get spanName(): string {
    return this.series?.spanName ?? httpSpanName(this.method, this.route);
  }

  /** Sets status and route at the end. */
  finalize(response: ResponseHead | undefined): void {
    if (response?.headersSent === true) this.statusCode ??= response.statusCode;
    try {
      this.currentRoute();
    } finally {
      this.response = undefined;
      this.end();
    }
  }

  override releaseRequest(): void {
    try {
      if (this.#deps.keepsHeaders) this.#lateHeaders = this.request?.headers;
    } finally {
      super.releaseRequest();
    }
  }

  override arrivedRequest(): ArrivedRequest {
    return {
      headers: this.request?.headers ?? this.#lateHeaders,
      query: splitUrl(this.#url).query,
      clientAddress: this.clientAddress(),
    };
  }

  clientAddress(): string | undefined {
    const address = this.#clientAttributes.attributes["client.address"];
    return typeof address === "string" ? address : undefined;
  }

  override currentPath(): string {
    return splitUrl(this.#url).path;
  }

  override redactedPath(): string {
    return redactPath(splitUrl(this.#url).path);
  }

  /** Returns the route as far as the framework knows it. */
  override currentRoute(): string | undefined {
    if (this.request !== undefined) this.route ??= expressRouteOf(this.request);
    return this.route;
  }

  /** Returns the attributes that are known at its start, for a sampler of the app. */
  startAttributes(): Attributes {
    const attributes: Attributes = {
      ...this.#clientAttributes.attributes,
      "http.request.method": this.method,
    };
    const pairs = this.ownPairs();
    for (let at = 0; at < pairs.length; at += 2) attributes[String(pairs[at])] = pairs[at + 1];
    return attributes;
  }

  cachedParts(): readonly CachedAttributes[] {
    return this.series === undefined
      ? [this.#clientAttributes]
      : [this.series, this.#clientAttributes];
  }

  ownPairs(): unknown[] {
    const { path: fullPath, query } = splitUrl(this.#url);
    const path = redactPath(fullPath);
    // In one literal: an array that grows from two elements gets capacity for seventeen.
    const pairs: unknown[] =
      this.requestId === undefined
        ? ["url.path", path]
        : ["url.path", path, "telltale.request.id", this.requestId];
    if (this.method === "_OTHER") pairs.push("http.request.method_original", this.#originalMethod);
    if (query !== undefined) pairs.push("url.query", redactQuery(query));
    const user = this.userOfSpan();
    if (user !== undefined) pairs.push("user.id", user);
    const organization = this.organizationOfSpan();
    if (organization !== undefined) pairs.push("telltale.organization.id", organization);
    if (this.abort !== undefined && this.abort.by !== "server") {
      pairs.push("telltale.request.aborted", true);
    }
    return pairs;
  }
}

/** Reason why a response was not sent in full. */
export interface ResponseAbort {
  /** The side that aborted it: the client, the app, or the exit of the process. */
  readonly by: "client" | "server" | "process";
  /** Error that the app has destroyed it with. */
  readonly error?: unknown;
}

export const ABORTED_BY_CLIENT: ResponseAbort = Object.freeze({ by: "client" });
export const ABORTED_BY_EXIT: ResponseAbort = Object.freeze({ by: "process" });

export interface HttpRequestDeps {
  readonly knownMethods: KnownMethods;
  /** Reads the user that the framework knows; undefined if no field of it is asked for. */
  readonly userReader: UserReader | undefined;
  /** Whether errors after the end of a request need its headers. */
  readonly keepsHeaders: boolean;
  /** Called with an error of a request that has ended. */
  readonly onLateFailure: (unit: HttpServerRequest, error: unknown) => void;
}

/** Members that frameworks set on a request; Express removes mounts from its `url`. */
interface FrameworkRequest {
  readonly socket?: SocketWithRequests | null;
  readonly originalUrl?: unknown;
  readonly url?: unknown;
}

/** Returns a span name such as `GET /users/:id`, or `GET` if the route is unknown. */
export function httpSpanName(method: string, route: string | undefined): string {
  const methodName = method === "_OTHER" ? "HTTP" : method;
  return route === undefined ? methodName : `${methodName} ${route}`;
}

/** Head of a response, as far as the end of a request needs it. */
export type ResponseHead = Pick<ServerResponse, "headersSent" | "statusCode">;

/** Headers of a request, as far as its unit of work needs them. */
export interface RequestHeaders {
  readonly host: string | undefined;
  readonly userAgent: string | undefined;
  readonly requestId: string;
  readonly hasBody: boolean;
  /** As received. */
  readonly contentLength: string | undefined;
  /** The remote context, where a propagation header was received, else the root. */
  readonly parent: ApiContext;
}

/** Splits a request target; the absolute form is reduced to its path and query. */
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
