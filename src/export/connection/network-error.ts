import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import { type ExportResponse, retryableResponse, failureResponse } from "./export-connection.ts";

/** Descriptions of errors that the next attempt may not meet. */
const retryableErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused; is a Collector running there?",
  ECONNRESET: "the connection was closed before an answer",
  ECONNABORTED: "the connection was closed before an answer",
  EPIPE: "the connection was closed before an answer",
  ETIMEDOUT: "no connection in time",
  EAI_AGAIN: "the host's name could not be looked up",
  ENOTFOUND: "the host's name is unknown; check OTEL_EXPORTER_OTLP_ENDPOINT",
  ENETUNREACH: "the network can't be reached",
  EHOSTUNREACH: "the host can't be reached",
  ERR_HTTP2_STREAM_ERROR: "the connection was closed before an answer",
  ERR_HTTP2_SESSION_ERROR: "the connection was closed before an answer",
  ERR_HTTP2_GOAWAY_SESSION: "the peer is shutting down",
  EMFILE: "the process has no file descriptor left; raise `ulimit -n`",
  ENFILE: "the host has no file descriptor left",
  EADDRNOTAVAIL: "the host has no local port left",
  // The original message contains the user and password of the proxy.
  ERR_PROXY_TUNNEL: "the proxy opened no tunnel; check HTTPS_PROXY and NO_PROXY",
};

/** Converts the error of a failed connection or request. */
export function responseForError(error: unknown): ExportResponse {
  const { code = "", message } = error as { code?: string; message?: string };
  const known = retryableErrors[code];
  if (known !== undefined) return retryableResponse("network", known);
  if (code.includes("_ALERT_") && /CERT|UNKNOWN_CA/.test(code)) {
    return failureResponse(
      "network",
      `it requires a client certificate that it trusts (${code}); check OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE`,
    );
  }
  if (/CERT|ISSUER|SELF_SIGNED|SIGNATURE|ALTNAME/.test(code)) {
    return failureResponse(
      "network",
      `its certificate is not trusted (${code}); check OTEL_EXPORTER_OTLP_CERTIFICATE`,
    );
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL")) {
    return failureResponse("network", `no TLS connection (${code}); http:// or https:// mixed up?`);
  }
  if (code.startsWith("HPE_") || code === "ERR_HTTP2_ERROR") {
    return failureResponse(
      "network",
      `what answers there speaks another protocol (${code}); check OTEL_EXPORTER_OTLP_PROTOCOL (usually 4317 is gRPC, 4318 HTTP)`,
    );
  }
  return failureResponse("network", excerpt(String(message ?? error)));
}
