import type { ClientRequest, IncomingMessage } from "node:http";
import type { OtlpConfig } from "../config/config.ts";
import { excerptOf } from "../diagnostics/plain-text.ts";
import {
  type Answer,
  type Attempt,
  busy,
  type Channel,
  Expected,
  failedAttempt,
  refused,
} from "./channel.ts";
import { answerOfError } from "./network-error.ts";
import { createAgent, moduleFor } from "./agent.ts";
import { proxyEnvironment } from "./proxy.ts";
import { quieten } from "./quiet.ts";
import { retryAfterMs } from "./retry.ts";

/**
 * What is read of an answer. The answers of OTLP are a few bytes, or a sentence;
 * upstream's 4 MiB would only be kept to be thrown away.
 */
const MAX_ANSWER_BYTES = 64 * 1024;

/** OTLP 1.x: these may be tried again, all others must not. */
const passing = new Set([429, 502, 503, 504]);

/** OTLP over HTTP/1.1, on connections of its own that are kept. */
export function createHttpChannel(
  config: OtlpConfig,
  headers: Readonly<Record<string, string>>,
): Channel {
  const { request } = moduleFor(config.url);
  const proxyEnv = proxyEnvironment();
  const agent = createAgent(config.url, { ...definedOf(config.tls), proxyEnv });
  const headersFor = createHeaders(headers, config.url, proxyEnv !== undefined);
  return {
    kind: "http",
    url: config.url,
    headers,
    proxyEnv,
    frame: (message) => message,
    attempt: (body) => {
      const options = { method: "POST", headers: headersFor(body), agent };
      return attempt(() => request(config.url, options), body);
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
function createHeaders(
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

function attempt(open: () => ClientRequest, body: Uint8Array): Attempt {
  let request: ClientRequest;
  try {
    request = open();
  } catch (error) {
    return failedAttempt(error);
  }
  const expected = new Expected();
  /** What the status line alone says, once it is there. */
  let verdict: Answer | undefined;
  request.on("socket", quieten);
  request.on("response", (response) => {
    verdict = verdictOf(response);
    read(response, verdict, expected);
  });
  request.on("upgrade", (response, socket) => {
    verdict = verdictOf(response);
    expected.settle(verdict);
    socket.destroy();
  });
  request.on("error", (error) => expected.settle(verdict ?? answerOfRequestError(request, error)));
  // Whatever else may end it. A response in its midst has its own end still to come.
  request.on("close", () => verdict ?? expected.settle(closedEarly));
  request.end(body);
  return {
    answer: expected.answer,
    handedOver: () => request.writableFinished && (verdict?.kind ?? "taken") === "taken",
    stop: (reason) => {
      expected.settle(verdict ?? busy("network", reason));
      request.destroy();
    },
  };
}

function verdictOf(response: IncomingMessage): Answer {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) {
    return {
      kind: "taken",
      body: new Uint8Array(),
      remark: "its answer could not be read in full",
    };
  }
  const words = excerptOf(response.statusMessage ?? "");
  const reason = `answered ${status} ${words}`.trimEnd() + adviceFor(status);
  if (!passing.has(status)) return refused("peer", reason);
  return busy("peer", reason, retryAfterMs(response.headers["retry-after"], Date.now()));
}

/** What to look at, where the status points to something of the configuration. */
const advice: Readonly<Record<number, string>> = {
  401: "check OTEL_EXPORTER_OTLP_HEADERS",
  403: "check OTEL_EXPORTER_OTLP_HEADERS",
  404: "check the path in OTEL_EXPORTER_OTLP_ENDPOINT",
  405: "check the path in OTEL_EXPORTER_OTLP_ENDPOINT",
  413: "lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE or OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
  415: "check OTEL_EXPORTER_OTLP_PROTOCOL",
};

/** @returns what to append to "answered 401"; nothing, where nobody can say. */
export function adviceFor(status: number): string {
  const words = advice[status];
  return words === undefined ? "" : `; ${words}`;
}

function read(response: IncomingMessage, verdict: Answer, expected: Expected): void {
  const parts: Buffer[] = [];
  let size = 0;
  response.on("data", (part: Buffer) => {
    size += part.length;
    parts.push(part);
    if (size <= MAX_ANSWER_BYTES) return;
    expected.settle(tooLong(verdict));
    response.destroy();
  });
  response.on("end", () => expected.settle(complete(verdict, Buffer.concat(parts))));
  response.on("error", () => expected.settle(verdict));
  response.on("close", () => expected.settle(verdict));
}

/** A peer that answers with a flood is not asked again. */
function tooLong(verdict: Answer): Answer {
  if (verdict.kind === "taken") return verdict;
  return refused("peer", `${verdict.failure.reason} with more than ${MAX_ANSWER_BYTES} bytes`);
}

function complete(verdict: Answer, body: Buffer): Answer {
  return verdict.kind === "taken" ? { kind: "taken", body } : verdict;
}

/**
 * A kept connection that the peer closed at the same moment: Node's advice
 * (`request.reusedSocket`) is to try again at once.
 */
function answerOfRequestError(request: ClientRequest, error: NodeJS.ErrnoException): Answer {
  const lost = error.code === "ECONNRESET" || error.code === "EPIPE";
  const answer = answerOfError(error);
  return request.reusedSocket && lost && answer.kind === "busy"
    ? { ...answer, atOnce: true }
    : answer;
}

const closedEarly: Answer = answerOfError({ code: "ECONNRESET" });
