import type { OtlpConfig } from "../../config/config.ts";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import {
  type ExportAttempt,
  type ExportConnection,
  type ExportResponse,
  failureResponse,
  MAX_RESPONSE_BYTES,
  retryableResponse,
  tooLargeResponse,
} from "./export-connection.ts";
import {
  type HttpAttempt,
  HttpClient,
  type HttpFailure,
  type HttpResponse,
} from "./http-client.ts";
import { responseForError } from "./network-error.ts";
import { retryAfterMs } from "./retry.ts";

/** OTLP 1.x: these may be retried, all others must not. */
const retryableStatuses = new Set([429, 502, 503, 504]);

const CONTENT_TOO_LARGE = 413;

/** OTLP over HTTP/1.1, on kept-alive connections. */
export function createHttpConnection(
  { url, tls }: OtlpConfig,
  headers: Readonly<Record<string, string>>,
): ExportConnection {
  const client = new HttpClient({ url, headers, tls });
  return {
    kind: "http",
    url,
    headers,
    proxyEnv: client.proxyEnv,
    encodeBody: (message) => message,
    attempt: (body) => toExportAttempt(client.send(body)),
  };
}

/** Returns the attempt as the exporters of telemetry see it. */
export function toExportAttempt(attempt: HttpAttempt): ExportAttempt {
  return {
    response: attempt.response.then(toExportResponse),
    isFullyWritten: () => attempt.isFullyWritten() && isSuccess(attempt.status ?? 200),
    abort: (reason) => attempt.abort(reason),
  };
}

function toExportResponse(result: HttpResponse | HttpFailure): ExportResponse {
  if (result.kind === "failure") return responseForFailure(result);
  const { status, statusText, headers, body, bodyState } = result;
  if (isSuccess(status)) {
    return bodyState === "complete"
      ? { status: "success", body }
      : { status: "success", body, warning: "its answer could not be read in full" };
  }
  const reason = `answered ${status} ${excerpt(statusText)}`.trimEnd() + statusAdvice(status);
  // A peer that floods its client is not asked again.
  if (bodyState === "too long")
    return failureResponse("peer", `${reason} with more than ${MAX_RESPONSE_BYTES} bytes`);
  if (status === CONTENT_TOO_LARGE) return tooLargeResponse(reason);
  return retryableStatuses.has(status)
    ? retryableResponse("peer", reason, retryAfterMs(headers["retry-after"], Date.now()))
    : failureResponse("peer", reason);
}

function responseForFailure({ error, isAborted, isStaleConnection }: HttpFailure): ExportResponse {
  if (isAborted) return retryableResponse("network", error.message);
  const response = responseForError(error);
  return isStaleConnection && response.status === "retryable"
    ? { ...response, retryImmediately: true }
    : response;
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** What to check, for statuses that point to the configuration. */
const adviceByStatus: Readonly<Record<number, string>> = {
  401: "check OTEL_EXPORTER_OTLP_HEADERS",
  403: "check OTEL_EXPORTER_OTLP_HEADERS",
  404: "check the path in OTEL_EXPORTER_OTLP_ENDPOINT",
  405: "check the path in OTEL_EXPORTER_OTLP_ENDPOINT",
  413: "lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE, OTEL_BLRP_MAX_EXPORT_BATCH_SIZE or TELLTALE_METRICS_MAX_EXPORT_BATCH_SIZE",
  415: "check OTEL_EXPORTER_OTLP_PROTOCOL",
};

/** Returns what to append to "answered 401"; empty if the status points to nothing. */
export function statusAdvice(status: number): string {
  const words = adviceByStatus[status];
  return words === undefined ? "" : `; ${words}`;
}
