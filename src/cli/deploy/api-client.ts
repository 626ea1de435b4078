import { setTimeout as sleep } from "node:timers/promises";
import { maskAddress } from "../../config/mask.ts";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import {
  HttpClient,
  type HttpFailure,
  type HttpResponse,
} from "../../export/connection/http-client.ts";
import { responseForError } from "../../export/connection/network-error.ts";
import {
  backoffMs,
  isCutShort,
  pauseMs,
  retryAfterMs,
  type RetryPolicy,
} from "../../export/connection/retry.ts";
import type { Mask } from "./auth-token.ts";

/** A request to Sentry's API. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT";
  /** Below `/api/0/`. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /**
   * Set on a request that has another effect each time: where to look for the effect of an
   * attempt whose outcome is unknown, before the next one.
   */
  readonly accepted?: {
    readonly path: string;
    /** Returns what the response would have been; undefined if there is no such effect. */
    readonly find: (body: unknown) => unknown;
  };
}

export type ApiResult =
  | { readonly kind: "accepted"; readonly status: number; readonly body: unknown }
  | ApiFailure;

export interface ApiFailure {
  readonly kind: "failed";
  /** In words, without secrets. */
  readonly reason: string;
  /** Whether Sentry may have accepted the request nevertheless. */
  readonly isUncertain: boolean;
}

/** The outcome of one attempt. */
type Outcome =
  | ApiResult
  | {
      readonly kind: "retryable";
      readonly reason: string;
      readonly isUncertain: boolean;
      /** The pause that Sentry asks for. */
      readonly retryAfterMs: number | undefined;
      /** Whether it got no answer because the end of all attempts came long before its own time limit. */
      readonly wasCutShort?: boolean;
    };

export interface ApiClientOptions {
  /** Address of Sentry, without a slash at the end. */
  readonly url: string;
  readonly token: string;
  readonly mask: Mask;
  readonly userAgent: string;
  /** Time limit of all requests with their retries, in milliseconds. */
  readonly timeoutMs: number;
  /** Receives one line for each retry. */
  readonly onRetry: (line: string) => void;
}

const retryPolicy: RetryPolicy = {
  attempts: 6,
  firstMs: 500,
  factor: 2,
  maxMs: 10_000,
  jitter: 0.2,
};

/** Time limit of an attempt that may be repeated. */
const ATTEMPT_TIMEOUT_MS = 15_000;

/** Enough for the description of an invalid field. */
const MAX_DETAIL_LENGTH = 300;

/** Sends requests to Sentry's API, and repeats those that fail for a reason that may pass. */
export class ApiClient {
  readonly #options: ApiClientOptions;
  readonly #deadline: number;

  constructor(options: ApiClientOptions) {
    this.#options = options;
    this.#deadline = performance.now() + options.timeoutMs;
  }

  /**
   * Never rejects. If the time limit cuts a retry short, the reason is that of the attempt
   * before it.
   */
  async send(request: ApiRequest): Promise<ApiResult> {
    let isUncertain = false;
    let earlier: string | undefined;
    for (let tries = 1; ; tries++) {
      const outcome = await this.#attemptOrFind(request, isUncertain);
      if (outcome.kind === "accepted") return outcome;
      isUncertain ||= outcome.isUncertain;
      const wasCutShort = outcome.kind === "retryable" && outcome.wasCutShort === true;
      earlier = (wasCutShort ? earlier : undefined) ?? outcome.reason;
      const reason = `${request.method} ${this.#urlOf(request.path)} ${earlier}`;
      const failure = (note: string): ApiFailure => ({
        kind: "failed",
        reason: this.#options.mask(reason + note),
        isUncertain: isUncertain && request.accepted !== undefined,
      });
      if (outcome.kind === "failed") return failure("");
      if (tries === retryPolicy.attempts) return failure(`, ${tries} times`);
      const requestedMs = outcome.retryAfterMs ?? 0;
      const ms = pauseMs(requestedMs, backoffMs(retryPolicy, tries));
      const leftMs = this.#leftMs();
      if (Math.max(ms, requestedMs) > leftMs)
        return failure(this.#noTimeNote(requestedMs > leftMs ? requestedMs : 0));
      this.#options.onRetry(
        `${this.#options.mask(reason)}; the next attempt is in ${seconds(ms)} s`,
      );
      await sleep(ms);
    }
  }

  /** @param isUncertain whether an earlier attempt may have been accepted. */
  async #attemptOrFind(request: ApiRequest, isUncertain: boolean): Promise<Outcome> {
    if (isUncertain && request.accepted !== undefined) {
      const { path, find } = request.accepted;
      const list = await this.#attempt({ method: "GET", path });
      if (list.kind !== "accepted") return list;
      const found = find(list.body);
      if (found !== undefined) return { ...list, body: found };
    }
    return this.#attempt(request);
  }

  async #attempt(request: ApiRequest): Promise<Outcome> {
    const { url, token, userAgent } = this.#options;
    const headers = {
      authorization: `Bearer ${token}`,
      accept: "application/json",
      "content-type": "application/json",
      "user-agent": userAgent,
    };
    const { method, body, path } = request;
    const client = new HttpClient({ url: `${url}/api/0/${path}`, method, headers });
    const attempt = client.send(Buffer.from(body === undefined ? "" : JSON.stringify(body)));
    const isRepeatable = request.accepted === undefined;
    const leftMs = Math.max(this.#leftMs(), 0);
    const limitMs = isRepeatable ? Math.min(leftMs, ATTEMPT_TIMEOUT_MS) : leftMs;
    // It keeps the process alive, which the connection does not.
    const timer = setTimeout(
      () => attempt.abort(`got no answer within ${seconds(limitMs)} s`),
      limitMs,
    );
    const result = await attempt.response;
    clearTimeout(timer);
    if (result.kind === "response") return this.#outcomeOfResponse(result);
    const outcome = outcomeOfFailure(result, attempt.isFullyWritten(), isRepeatable);
    const fullMs = Math.min(this.#options.timeoutMs, ATTEMPT_TIMEOUT_MS);
    const wasCutShort = result.isAborted && isCutShort(limitMs, fullMs);
    return outcome.kind === "retryable" ? { ...outcome, wasCutShort } : outcome;
  }

  #outcomeOfResponse(response: HttpResponse): Outcome {
    const { status, headers } = response;
    const isJson = /\bjson\b/i.test(headers["content-type"] ?? "");
    const body = isJson ? parseJson(response.body) : undefined;
    if (status >= 200 && status < 300) {
      if (isJson) return { kind: "accepted", status, body };
      return failed(`answered ${status} without JSON; check SENTRY_URL`);
    }
    const detail = excerpt(this.#options.mask(detailOf(body)), MAX_DETAIL_LENGTH);
    const reason = `answered ${status}${detail === "" ? "" : ` (${detail})`}`;
    if (status !== 429 && status < 500) return failed(reason + adviceFor(response));
    return {
      kind: "retryable",
      reason,
      // Others come from a server or a gateway that may have handled the request.
      isUncertain: status !== 429 && status !== 503,
      retryAfterMs: requestedPauseMs(response, Date.now()),
    };
  }

  #urlOf(path: string): string {
    return `${this.#options.url}/api/0/${path}`;
  }

  #leftMs(): number {
    return this.#deadline - performance.now();
  }

  #noTimeNote(requestedMs: number): string {
    const limit = `--timeout (${seconds(this.#options.timeoutMs)} s)`;
    return requestedMs > 0
      ? ` and asks for a pause of ${seconds(requestedMs)} s, which exceeds ${limit}`
      : `, and ${limit} leaves no time for another attempt`;
  }
}

function outcomeOfFailure(
  { error, isAborted }: HttpFailure,
  isFullyWritten: boolean,
  isRepeatable: boolean,
): Outcome {
  if (isAborted) {
    const reason = error.message;
    return isRepeatable
      ? { kind: "retryable", reason, isUncertain: true, retryAfterMs: undefined }
      : { kind: "failed", reason, isUncertain: isFullyWritten };
  }
  // Messages of Node may contain the password of a proxy.
  const code = error.code ?? error.name;
  if (/CERT|ISSUER|SELF_SIGNED|SIGNATURE|ALTNAME/.test(code))
    return failed(`got a certificate that is not trusted (${code}); check NODE_EXTRA_CA_CERTS`);
  const reason = `failed (${code})`;
  const isTransient = responseForError(error).status === "retryable" && code !== "ENOTFOUND";
  if (!isTransient) return failed(`${reason}; check SENTRY_URL`);
  return { kind: "retryable", reason, isUncertain: isFullyWritten, retryAfterMs: undefined };
}

function failed(reason: string): ApiFailure {
  return { kind: "failed", reason, isUncertain: false };
}

/**
 * Returns the pause of `Retry-After`, or of the header that Sentry's API sends instead:
 * when the next period of its rate limit begins, in seconds since 1970.
 * https://docs.sentry.io/api/ratelimits/
 */
function requestedPauseMs({ status, headers }: HttpResponse, now: number): number | undefined {
  const requested = retryAfterMs(headers["retry-after"], now);
  const reset = Number(headers["x-sentry-rate-limit-reset"]);
  if (requested !== undefined || status !== 429 || !(reset > 0)) return requested;
  return Math.max(0, reset * 1000 - now);
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Returns `detail` of an error, or the errors of all fields. */
function detailOf(body: unknown): string {
  if (typeof body !== "object" || body === null) return "";
  const { detail = body } = body as { readonly detail?: unknown };
  return typeof detail === "string" ? detail : JSON.stringify(detail);
}

/** Returns what to check, for statuses that point to the options. */
function adviceFor({ status, headers }: HttpResponse): string {
  if (status < 400) return `, to ${excerpt(maskAddress(headers.location ?? ""))}; check SENTRY_URL`;
  return adviceByStatus[status] ?? "";
}

const adviceByStatus: Readonly<Record<number, string>> = {
  401: "; check SENTRY_AUTH_TOKEN",
  403: "; the token needs the scope org:ci or project:releases, and access to the projects",
  404: "; check --org, --project and SENTRY_URL",
};

function seconds(ms: number): string {
  return String(Math.ceil(ms / 100) / 10);
}
