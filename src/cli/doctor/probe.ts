import type { OtlpConfig } from "../../config/config.ts";
import {
  HttpClient,
  type HttpFailure,
  type HttpResponse,
} from "../../export/connection/http-client.ts";
import { version } from "../../version.ts";

/** What a server made of one request. */
export type ProbeResult =
  | { readonly kind: "response"; readonly response: HttpResponse; readonly skewMs: number }
  | {
      readonly kind: "failure";
      /** The code of the error, or its name. */
      readonly code: string;
      readonly message: string;
    }
  | { readonly kind: "silent"; readonly ms: number };

export interface ProbeRequest {
  readonly url: string;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly tls?: OtlpConfig["tls"];
  readonly timeoutMs: number;
}

/** Sends one request, by the proxy that Node is configured to use, and waits for the answer. Never rejects. */
export async function probe(request: ProbeRequest): Promise<ProbeResult> {
  const { url, method = "POST", tls, timeoutMs, body = new Uint8Array() } = request;
  const headers = { "user-agent": `telltale/${version}`, ...request.headers };
  const client = new HttpClient({ url, method, headers, ...(tls !== undefined && { tls }) });
  const startedAt = Date.now();
  const attempt = client.send(body);
  // The timer keeps the process alive, which the connection does not.
  const timer = setTimeout(() => attempt.abort("silent"), timeoutMs);
  const result = await attempt.response;
  clearTimeout(timer);
  if (result.kind === "response")
    return { kind: "response", response: result, skewMs: skewOf(result, startedAt, Date.now()) };
  return result.isAborted ? { kind: "silent", ms: timeoutMs } : failureOf(result);
}

function failureOf({ error }: HttpFailure): ProbeResult {
  return { kind: "failure", code: error.code ?? error.name, message: error.message };
}

/**
 * Returns by how much the clock of the server is ahead of this one, from its header
 * `Date`, which has full seconds; 0 if it is within the time of the request.
 */
function skewOf({ headers }: HttpResponse, startedAt: number, endedAt: number): number {
  const date = Date.parse(headers.date ?? "");
  if (Number.isNaN(date)) return 0;
  if (date > endedAt) return date - endedAt;
  return Math.min(0, date + 1000 - startedAt);
}
