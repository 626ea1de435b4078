import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context as ApiContext } from "@opentelemetry/api";
import type { Context } from "../context/context.ts";
import { isClientError } from "../context/failures.ts";
import { type Carrier, Holder, UNDER_WAY } from "../context/holder.ts";
import { now } from "../clock.ts";
import type { AttributePart, AttributeSource } from "../traces/span.ts";
import type { Connection } from "./connection.ts";
import { type KnownMethods, methodIn } from "./method.ts";
import { routeOf } from "./route.ts";
import type { Shape } from "./shape.ts";
import { pathWithoutSecrets, queryWithoutSecrets } from "./secrets.ts";

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
  readonly connection: Connection;
  readonly protocolVersion: string;
  /** What it has in common with all requests of its kind; set when it ends. */
  shape: Shape | undefined = undefined;
  /** The method if the conventions know it, else `_OTHER`. */
  declare method: string;
  /** Until the end. */
  declare request: IncomingMessage | undefined;
  /** Until the end: what an abort still finds out. */
  response: ServerResponse | undefined = undefined;
  /** Why not all of the response was sent; undefined while it may be, and if it was. */
  breakage: Breakage | undefined = undefined;
  /** `error.type`, where the request failed and its status doesn't say it. */
  errorType: string | undefined = undefined;
  /** Whether the end was seen, of which several events may tell. */
  left = false;
  /** What the request's listeners run under. */
  context: Context | undefined = undefined;
  readonly #services: RequestServices;
  readonly #methodGiven: string;
  readonly #url: string;
  readonly #caller: AttributePart;

  constructor(
    request: IncomingMessage,
    headers: RequestHeaders,
    services: RequestServices,
    connection: Connection,
  ) {
    super();
    this.#services = services;
    this.connection = connection;
    this.protocolVersion = request.httpVersion;
    this.request = request;
    this.#methodGiven = request.method ?? "GET";
    this.method = methodIn(services.knownMethods, this.#methodGiven);
    this.#url = request.url ?? "/";
    this.#caller = connection.callerOf(headers.host, headers.userAgent);
    this.requestId = headers.requestId;
  }

  /** Server spans fail with 5xx (HTTP span conventions, Status), and of what keeps a response from being whole. */
  get failed(): boolean {
    return this.hasFailedStatus || this.errorType !== undefined;
  }

  get hasFailedStatus(): boolean {
    return this.statusCode !== undefined && this.statusCode >= 500;
  }

  /** Once the head is out, or the request over, no response can tell of `error`: it counts whatever the status. */
  override noteError(error: unknown): void {
    if (error === this.error || error === this.originalError) return;
    if (!this.ended && !this.#isAnswered()) {
      super.noteError(error);
      return;
    }
    // Of several layers that pass it on the first one tells.
    if (this.ended) this.error = error;
    if (!isClientError(error)) this.noteFailure(error);
  }

  #isAnswered(): boolean {
    if (this.statusCode !== undefined) return true;
    try {
      return this.response?.headersSent === true;
    } catch {
      // The app's own.
      return false;
    }
  }

  override noteFailure(error: unknown): void {
    if (this.ended) this.#services.onLateFailure(this, error);
    else super.noteFailure(error);
  }

  /** By what is left of it: it came over this connection, for the same target. */
  override wasOf(request: object): boolean {
    const { socket, originalUrl, url } = request as LateRequest;
    return (
      this.ended && socket?.[UNDER_WAY] === this.connection && (originalUrl ?? url) === this.#url
    );
  }

  get spanName(): string {
    return this.shape?.spanName ?? spanNameOf(this.method, this.route);
  }

  /** Takes what is known at the end, and lets go of the request. */
  finish(response: Response | undefined): void {
    if (response?.headersSent === true) this.statusCode ??= response.statusCode;
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

  override visiblePath(): string {
    return pathWithoutSecrets(splitUrl(this.#url).path);
  }

  /** The route as far as the framework knows it by now. */
  override routeNow(): string | undefined {
    if (this.request !== undefined) this.route ??= routeOf(this.request);
    return this.route;
  }

  shared(): readonly AttributePart[] {
    return this.shape === undefined ? [this.#caller] : [this.shape, this.#caller];
  }

  own(): unknown[] {
    const { path: whole, query } = splitUrl(this.#url);
    const path = pathWithoutSecrets(whole);
    // At once: an array that grows from two gets room for seventeen.
    const pairs: unknown[] =
      this.requestId === undefined
        ? ["url.path", path]
        : ["url.path", path, "telltale.request.id", this.requestId];
    if (this.method === "_OTHER") pairs.push("http.request.method_original", this.#methodGiven);
    if (query !== undefined) pairs.push("url.query", queryWithoutSecrets(query));
    if (this.breakage !== undefined && this.breakage.by !== "server") {
      pairs.push("telltale.request.aborted", true);
    }
    return pairs;
  }
}

/** Why a response was not sent in full. */
export interface Breakage {
  /** Who ended it before its end: the client, the app, or the end of the process. */
  readonly by: "client" | "server" | "process";
  /** What the app has destroyed it with. */
  readonly error?: unknown;
}

export const BY_CLIENT: Breakage = Object.freeze({ by: "client" });
export const BY_PROCESS: Breakage = Object.freeze({ by: "process" });

export interface RequestServices {
  readonly knownMethods: KnownMethods;
  /** A request that is over has failed of `error` nevertheless. */
  readonly onLateFailure: (entry: RequestEntry, error: unknown) => void;
}

/** What frameworks leave on a request; Express cuts mounts off its `url`. */
interface LateRequest {
  readonly socket?: Carrier | null;
  readonly originalUrl?: unknown;
  readonly url?: unknown;
}

/** `GET /users/:id`, or what of it is known. */
export function spanNameOf(method: string, route: string | undefined): string {
  const said = method === "_OTHER" ? "HTTP" : method;
  return route === undefined ? said : `${said} ${route}`;
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
