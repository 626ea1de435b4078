import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context as ApiContext } from "@opentelemetry/api";
import type { Context } from "../../context/context.ts";
import { isClientError } from "../../context/failures.ts";
import { type SocketWithRequests, IN_FLIGHT } from "../../context/in-flight-requests.ts";
import { UnitOfWork } from "../../context/unit-of-work.ts";
import { now } from "../../clock.ts";
import type { CachedAttributes, LazyAttributes } from "../../traces/span-attributes.ts";
import type { HttpConnection } from "./http-connection.ts";
import { type KnownMethods, normalizeMethod } from "../method.ts";
import { expressRouteOf } from "./express-route.ts";
import type { RouteSeries } from "./route-series.ts";
import { redactPath, redactQuery } from "../secrets.ts";

/**
 * One request that came in over HTTP: its holder, and what its span and its
 * metrics are made of. Only plain values are kept once it has ended, so that a
 * span that waits for its export holds neither request nor response.
 *
 * The span's attributes follow the stable HTTP conventions:
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
 */
export class HttpServerRequest extends UnitOfWork implements LazyAttributes {
  readonly startedAt: number = now();
  /** On our clock: before we do anything about it, which loads Sentry the first time. */
  endedAt: number = this.startedAt;
  readonly connection: HttpConnection;
  readonly protocolVersion: string;
  /** What it has in common with all requests of its kind; set when it ends. */
  series: RouteSeries | undefined = undefined;
  /** The method if the conventions know it, else `_OTHER`. */
  declare method: string;
  /** Until the end. */
  declare request: IncomingMessage | undefined;
  /** Until the end: what an abort still finds out. */
  response: ServerResponse | undefined = undefined;
  /** Why not all of the response was sent; undefined while it may be, and if it was. */
  abort: ResponseAbort | undefined = undefined;
  /** `error.type`, where the request failed and its status doesn't say it. */
  errorType: string | undefined = undefined;
  /** Whether the end was seen, of which several events may tell. */
  isFinished = false;
  /** What the request's listeners run under. */
  context: Context | undefined = undefined;
  readonly #deps: HttpRequestDeps;
  readonly #originalMethod: string;
  readonly #url: string;
  readonly #clientAttributes: CachedAttributes;

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
    this.requestId = headers.requestId;
  }

  /** Server spans fail with 5xx (HTTP span conventions, Status), and of what keeps a response from being whole. */
  get failed(): boolean {
    return this.hasServerErrorStatus || this.errorType !== undefined;
  }

  get hasServerErrorStatus(): boolean {
    return this.statusCode !== undefined && this.statusCode >= 500;
  }

  /** Once the head is out, or the request over, no response can tell of `error`: it counts whatever the status. */
  override recordError(error: unknown): void {
    if (error === this.error || error === this.originalError) return;
    if (!this.ended && !this.#isResponseStarted()) {
      super.recordError(error);
      return;
    }
    // Of several layers that pass it on the first one tells.
    if (this.ended) this.error = error;
    if (!isClientError(error)) this.recordFailure(error);
  }

  #isResponseStarted(): boolean {
    if (this.statusCode !== undefined) return true;
    try {
      return this.response?.headersSent === true;
    } catch {
      // The app's own.
      return false;
    }
  }

  override recordFailure(error: unknown): void {
    if (this.ended) this.#deps.onLateFailure(this, error);
    else super.recordFailure(error);
  }

  /** By what is left of it: it came over this connection, for the same target. */
  override belongedTo(request: object): boolean {
    const { socket, originalUrl, url } = request as FrameworkRequest;
    return (
      this.ended && socket?.[IN_FLIGHT] === this.connection && (originalUrl ?? url) === this.#url
    );
  }

  get spanName(): string {
    return this.series?.spanName ?? httpSpanName(this.method, this.route);
  }

  /** Takes what is known at the end, and lets go of the request. */
  finalize(response: ResponseHead | undefined): void {
    if (response?.headersSent === true) this.statusCode ??= response.statusCode;
    try {
      this.currentRoute();
    } finally {
      this.request = undefined;
      this.response = undefined;
      this.end();
    }
  }

  override currentPath(): string {
    return splitUrl(this.#url).path;
  }

  override redactedPath(): string {
    return redactPath(splitUrl(this.#url).path);
  }

  /** The route as far as the framework knows it by now. */
  override currentRoute(): string | undefined {
    if (this.request !== undefined) this.route ??= expressRouteOf(this.request);
    return this.route;
  }

  cachedParts(): readonly CachedAttributes[] {
    return this.series === undefined
      ? [this.#clientAttributes]
      : [this.series, this.#clientAttributes];
  }

  ownPairs(): unknown[] {
    const { path: fullPath, query } = splitUrl(this.#url);
    const path = redactPath(fullPath);
    // At once: an array that grows from two gets room for seventeen.
    const pairs: unknown[] =
      this.requestId === undefined
        ? ["url.path", path]
        : ["url.path", path, "telltale.request.id", this.requestId];
    if (this.method === "_OTHER") pairs.push("http.request.method_original", this.#originalMethod);
    if (query !== undefined) pairs.push("url.query", redactQuery(query));
    if (this.abort !== undefined && this.abort.by !== "server") {
      pairs.push("telltale.request.aborted", true);
    }
    return pairs;
  }
}

/** Why a response was not sent in full. */
export interface ResponseAbort {
  /** Who ended it before its end: the client, the app, or the end of the process. */
  readonly by: "client" | "server" | "process";
  /** What the app has destroyed it with. */
  readonly error?: unknown;
}

export const ABORTED_BY_CLIENT: ResponseAbort = Object.freeze({ by: "client" });
export const ABORTED_BY_EXIT: ResponseAbort = Object.freeze({ by: "process" });

export interface HttpRequestDeps {
  readonly knownMethods: KnownMethods;
  /** A request that is over has failed of `error` nevertheless. */
  readonly onLateFailure: (unit: HttpServerRequest, error: unknown) => void;
}

/** What frameworks leave on a request; Express cuts mounts off its `url`. */
interface FrameworkRequest {
  readonly socket?: SocketWithRequests | null;
  readonly originalUrl?: unknown;
  readonly url?: unknown;
}

/** `GET /users/:id`, or what of it is known. */
export function httpSpanName(method: string, route: string | undefined): string {
  const methodName = method === "_OTHER" ? "HTTP" : method;
  return route === undefined ? methodName : `${methodName} ${route}`;
}

/** What the end of a request is told by. */
export type ResponseHead = Pick<ServerResponse, "headersSent" | "statusCode">;

/** What one look over a request's raw headers found. */
export interface RequestHeaders {
  readonly host: string | undefined;
  readonly userAgent: string | undefined;
  readonly requestId: string;
  readonly hasBody: boolean;
  /** The context of the caller, where a propagation header was there. */
  readonly parent: ApiContext;
}

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
