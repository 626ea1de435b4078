import { maskAddress } from "../../config/mask.ts";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import {
  HttpClient,
  type HttpFailure,
  type HttpResponse,
} from "../../export/connection/http-client.ts";
import { version } from "../../version.ts";
import type { Period } from "../report/period.ts";

export type Labels = Readonly<Record<string, string>>;

/** One series with its values, without those that are no numbers. */
export interface Series {
  readonly labels: Labels;
  readonly points: readonly Point[];
}

export interface Point {
  /** In seconds since 1970. */
  readonly time: number;
  readonly value: number;
}

/** Where a Prometheus HTTP API is, without user and password in the address. */
export interface PrometheusTarget {
  /** Without a slash at the end. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A request that has failed, in words without secrets. */
export class PrometheusError extends Error {
  /** Whether Prometheus has read the query and can't evaluate it. */
  readonly isQueryRejected: boolean;

  constructor(message: string, isQueryRejected = false) {
    super(message);
    this.isQueryRejected = isQueryRejected;
  }
}

/** A weekly report of many routes. */
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;
const MAX_SOCKETS = 4;
const MAX_DETAIL_LENGTH = 300;

/**
 * Queries Prometheus, or what has its HTTP API (Mimir, Thanos, VictoriaMetrics).
 * https://prometheus.io/docs/prometheus/latest/querying/api/
 */
export class PrometheusApi {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #deadline: number;
  /** Keeps the connections of the queries. */
  readonly #ranges: HttpClient;

  /** @param timeoutMs time limit of all queries, in milliseconds. */
  constructor({ url, headers }: PrometheusTarget, timeoutMs: number) {
    this.#url = `${url}/api/v1`;
    this.#headers = headers;
    this.#deadline = performance.now() + timeoutMs;
    this.#ranges = this.#clientOf("POST", "query_range");
  }

  /**
   * Evaluates an expression at each step from the start to the end, both included.
   *
   * @throws PrometheusError
   */
  async range(query: string, { start, end }: Period, stepSeconds: number): Promise<Series[]> {
    const form = new URLSearchParams({ query, ...timesOf({ start, end }), step: `${stepSeconds}` });
    const data = await this.#send(this.#ranges, form, "POST query_range");
    return data.map(parseSeries);
  }

  /**
   * Returns the number of series that an expression has now.
   *
   * @throws PrometheusError
   */
  async count(query: string): Promise<number> {
    const client = this.#clientOf("POST", "query");
    return (await this.#send(client, new URLSearchParams({ query }), "POST query")).length;
  }

  /**
   * Returns the values that a label has had in a period.
   *
   * @param selector of the series; undefined: all.
   * @throws PrometheusError
   */
  async valuesOf(label: string, selector: string | undefined, period: Period): Promise<string[]> {
    const path = `label/${encodeURIComponent(label)}/values`;
    const client = this.#clientOf("GET", `${path}?${matchOf(selector, period).toString()}`);
    return (await this.#send(client, undefined, `GET ${path}`)).map(String);
  }

  /**
   * Returns the names of the labels that series have had in a period.
   *
   * @throws PrometheusError
   */
  async labelsOf(selector: string, period: Period): Promise<string[]> {
    const client = this.#clientOf("POST", "labels");
    return (await this.#send(client, matchOf(selector, period), "POST labels")).map(String);
  }

  #clientOf(method: "GET" | "POST", path: string): HttpClient {
    return new HttpClient({
      url: `${this.#url}/${path}`,
      method,
      headers: {
        ...(method === "POST" && { "content-type": "application/x-www-form-urlencoded" }),
        accept: "application/json",
        "user-agent": `telltale/${version}`,
        ...this.#headers,
      },
      maxSockets: MAX_SOCKETS,
      maxResponseBytes: MAX_RESPONSE_BYTES,
    });
  }

  async #send(
    client: HttpClient,
    form: URLSearchParams | undefined,
    what: string,
  ): Promise<readonly unknown[]> {
    const attempt = client.send(Buffer.from(form?.toString() ?? ""));
    const leftMs = Math.max(0, Math.round(this.#deadline - performance.now()));
    // It keeps the process alive, which the connection does not.
    const timer = setTimeout(() => attempt.abort("got no answer in time (--timeout)"), leftMs);
    const result = await attempt.response;
    clearTimeout(timer);
    if (result.kind === "failure") throw this.#error(what, reasonOf(result));
    return this.#dataOf(result, what);
  }

  #dataOf(response: HttpResponse, what: string): readonly unknown[] {
    const { status, bodyState } = response;
    const body = bodyState === "complete" ? parseJson(response.body) : undefined;
    const { status: outcome, data, error } = (body ?? {}) as ApiBody;
    const list = isResult(data) ? data.result : data;
    if (status === 200 && outcome === "success" && Array.isArray(list)) return list;
    if (bodyState !== "complete") throw this.#error(what, `answered ${status}, ${bodyState}`);
    const detail = typeof error === "string" ? ` (${excerpt(error, MAX_DETAIL_LENGTH)})` : "";
    const advice = adviceOf(status, body !== undefined);
    const isQueryRejected = typeof error === "string" && (status === 400 || status === 422);
    throw this.#error(what, `answered ${status}${detail}${advice}`, isQueryRejected);
  }

  #error(what: string, outcome: string, isQueryRejected = false): PrometheusError {
    const [method = "", path = ""] = what.split(" ");
    const url = maskAddress(`${this.#url}/${path}`);
    return new PrometheusError(`${method} ${url} ${outcome}`, isQueryRejected);
  }
}

interface ApiBody {
  readonly status?: unknown;
  readonly data?: unknown;
  readonly error?: unknown;
}

function isResult(data: unknown): data is { readonly result: unknown } {
  return typeof data === "object" && data !== null && "result" in data;
}

function timesOf({ start, end }: Period): { readonly start: string; readonly end: string } {
  return { start: String(start.getTime() / 1000), end: String(end.getTime() / 1000) };
}

function matchOf(selector: string | undefined, period: Period): URLSearchParams {
  const form = new URLSearchParams(timesOf(period));
  if (selector !== undefined) form.set("match[]", selector);
  return form;
}

function adviceOf(status: number, isJson: boolean): string {
  if (status === 401 || status === 403) return "; check the user, password or token";
  return isJson ? "" : "; check --prometheus, which is no Prometheus HTTP API";
}

function parseSeries(result: unknown): Series {
  const { metric = {}, values = [] } = result as {
    readonly metric?: Labels;
    readonly values?: readonly (readonly [number, string])[];
  };
  const points = values.map(([time, text]) => ({ time, value: Number(text) }));
  return { labels: metric, points: points.filter(({ value }) => Number.isFinite(value)) };
}

function parseJson(body: Uint8Array): unknown {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString());
    return typeof parsed === "object" && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Messages of Node may contain the password of a proxy. */
function reasonOf({ error, isAborted }: HttpFailure): string {
  if (isAborted) return error.message;
  const code = error.code ?? error.name;
  return /CERT|ISSUER|SELF_SIGNED|SIGNATURE|ALTNAME/.test(code)
    ? `got a certificate that is not trusted (${code}); check NODE_EXTRA_CA_CERTS`
    : `failed (${code})`;
}
