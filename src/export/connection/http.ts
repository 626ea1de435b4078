import type { ClientRequest, IncomingMessage } from "node:http";
import type { OtlpConfig } from "../../config/config.ts";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import {
  type ExportResponse,
  type ExportAttempt,
  retryableResponse,
  type ExportConnection,
  DeferredResponse,
  failedAttempt,
  failureResponse,
} from "./export-connection.ts";
import { responseForError } from "./network-error.ts";
import { createAgent, httpModuleFor } from "./agent.ts";
import { proxyEnvironment } from "./proxy.ts";
import { unrefSocket } from "./unref-socket.ts";
import { retryAfterMs } from "./retry.ts";

/**
 * What is read of an answer. The answers of OTLP are a few bytes, or a sentence;
 * upstream's 4 MiB would only be kept to be thrown away.
 */
const MAX_RESPONSE_BYTES = 64 * 1024;

/** OTLP 1.x: these may be tried again, all others must not. */
const retryableStatuses = new Set([429, 502, 503, 504]);

/** OTLP over HTTP/1.1, on connections of its own that are kept. */
export function createHttpConnection(
  config: OtlpConfig,
  headers: Readonly<Record<string, string>>,
): ExportConnection {
  const { request } = httpModuleFor(config.url);
  const proxyEnv = proxyEnvironment();
  const agent = createAgent(config.url, { ...definedOf(config.tls), proxyEnv });
  const headersFor = createHeaderBuilder(headers, config.url, proxyEnv !== undefined);
  return {
    kind: "http",
    url: config.url,
    headers,
    proxyEnv,
    encodeBody: (message) => message,
    attempt: (body) => {
      const options = { method: "POST", headers: headersFor(body), agent };
      return startAttempt(() => request(config.url, options), body);
    },
  };
}

/**
 * Names and values in turn, which Node writes as they are: given an object it
 * collects them by `setHeader`, whose code then knows one class of messages more
 * than that of a service, and is slower for the app's own responses (30 look-ups
 * of properties for each request of Express, counted). What Node adds to an
 * object, and not to a list, are host and length. From a host that is given it
 * also takes the name that TLS asks for, and for a proxy it adds headers that a
 * list doesn't get; both stay an object.
 */
function createHeaderBuilder(
  headers: Readonly<Record<string, string>>,
  url: string,
  isProxied: boolean,
): (body: Uint8Array) => string[] | Record<string, string> {
  if ("host" in headers || isProxied) return () => headers;
  const lines = ["host", new URL(url).host, ...Object.entries(headers).flat()];
  return (body) => [...lines, "content-length", String(body.length)];
}

function definedOf(tls: OtlpConfig["tls"]): Readonly<Record<string, string>> {
  const entries = Object.entries(tls).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(entries);
}

function startAttempt(openRequest: () => ClientRequest, body: Uint8Array): ExportAttempt {
  let request: ClientRequest;
  try {
    request = openRequest();
  } catch (error) {
    return failedAttempt(error);
  }
  const deferred = new DeferredResponse();
  /** What the status line alone says, once it is there. */
  let statusResponse: ExportResponse | undefined;
  request.on("socket", unrefSocket);
  request.on("response", (response) => {
    statusResponse = responseForStatus(response);
    readBody(response, statusResponse, deferred);
  });
  request.on("upgrade", (response, socket) => {
    statusResponse = responseForStatus(response);
    deferred.resolve(statusResponse);
    socket.destroy();
  });
  request.on("error", (error) =>
    deferred.resolve(statusResponse ?? responseForRequestError(request, error)),
  );
  // Whatever else may end it. A response in its midst has its own end still to come.
  request.on("close", () => statusResponse ?? deferred.resolve(CLOSED_EARLY));
  request.end(body);
  return {
    response: deferred.response,
    isFullyWritten: () => request.writableFinished && (statusResponse?.kind ?? "taken") === "taken",
    abort: (reason) => {
      deferred.resolve(statusResponse ?? retryableResponse("network", reason));
      request.destroy();
    },
  };
}

function responseForStatus(response: IncomingMessage): ExportResponse {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) {
    return {
      kind: "taken",
      body: new Uint8Array(),
      warning: "its answer could not be read in full",
    };
  }
  const words = excerpt(response.statusMessage ?? "");
  const reason = `answered ${status} ${words}`.trimEnd() + statusAdvice(status);
  if (!retryableStatuses.has(status)) return failureResponse("peer", reason);
  return retryableResponse(
    "peer",
    reason,
    retryAfterMs(response.headers["retry-after"], Date.now()),
  );
}

/** What to look at, where the status points to something of the configuration. */
const adviceByStatus: Readonly<Record<number, string>> = {
  401: "check OTEL_EXPORTER_OTLP_HEADERS",
  403: "check OTEL_EXPORTER_OTLP_HEADERS",
  404: "check the path in OTEL_EXPORTER_OTLP_ENDPOINT",
  405: "check the path in OTEL_EXPORTER_OTLP_ENDPOINT",
  413: "lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE or OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
  415: "check OTEL_EXPORTER_OTLP_PROTOCOL",
};

/** @returns what to append to "answered 401"; nothing, where nobody can say. */
export function statusAdvice(status: number): string {
  const words = adviceByStatus[status];
  return words === undefined ? "" : `; ${words}`;
}

function readBody(
  response: IncomingMessage,
  statusResponse: ExportResponse,
  deferred: DeferredResponse,
): void {
  const parts: Buffer[] = [];
  let size = 0;
  response.on("data", (part: Buffer) => {
    size += part.length;
    parts.push(part);
    if (size <= MAX_RESPONSE_BYTES) return;
    deferred.resolve(tooLongResponse(statusResponse));
    response.destroy();
  });
  response.on("end", () => deferred.resolve(withBody(statusResponse, Buffer.concat(parts))));
  response.on("error", () => deferred.resolve(statusResponse));
  response.on("close", () => deferred.resolve(statusResponse));
}

/** A peer that answers with a flood is not asked again. */
function tooLongResponse(statusResponse: ExportResponse): ExportResponse {
  if (statusResponse.kind === "taken") return statusResponse;
  return failureResponse(
    "peer",
    `${statusResponse.failure.reason} with more than ${MAX_RESPONSE_BYTES} bytes`,
  );
}

function withBody(statusResponse: ExportResponse, body: Buffer): ExportResponse {
  return statusResponse.kind === "taken" ? { kind: "taken", body } : statusResponse;
}

/**
 * A kept connection that the peer closed at the same moment: Node's advice
 * (`request.reusedSocket`) is to try again at once.
 */
function responseForRequestError(
  request: ClientRequest,
  error: NodeJS.ErrnoException,
): ExportResponse {
  const isConnectionLost = error.code === "ECONNRESET" || error.code === "EPIPE";
  const response = responseForError(error);
  return request.reusedSocket && isConnectionLost && response.kind === "busy"
    ? { ...response, retryImmediately: true }
    : response;
}

const CLOSED_EARLY: ExportResponse = responseForError({ code: "ECONNRESET" });
