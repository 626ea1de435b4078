import { gzipSync } from "node:zlib";
import type { Attributes } from "@opentelemetry/api";
import type { OtlpConfig } from "../../config/config.ts";
import { maskAddress } from "../../config/mask.ts";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import type { ExportResponse } from "../../export/connection/export-connection.ts";
import { createGrpcConnection } from "../../export/connection/grpc.ts";
import { version } from "../../version.ts";
import { isContainer } from "./container.ts";
import type { OtlpSignal } from "./environment-check.ts";
import { createFinding, type Finding } from "./finding.ts";
import type { FindingId } from "./finding-rows.ts";
import { probe, type ProbeResult } from "./probe.ts";
import { speaksHttp, speaksHttp2, speaksTls } from "./spoken-protocol.ts";
import { testRequest } from "./test-items.ts";

/** A longer time limit of the configuration is not waited for. */
const MAX_TIMEOUT_MS = 10_000;

/** A larger difference misplaces telemetry. A smaller one may be due to slow answers. */
const MAX_SKEW_MS = 30_000;

/** What became of the test item of a signal. */
export interface SignalTest {
  readonly signal: OtlpSignal["signal"];
  /** Masked. */
  readonly address: string;
  readonly protocol: string;
  readonly isAccepted: boolean;
}

export interface OtlpCheck {
  readonly tests: readonly SignalTest[];
  readonly findings: readonly Finding[];
}

/**
 * Sends one item of each signal to its endpoint, marked as a test, and finds out what is wrong
 * with those that are not accepted.
 *
 * @param attributes those of the app's resource.
 */
export async function checkOtlp(
  signals: readonly OtlpSignal[],
  attributes: Attributes,
): Promise<OtlpCheck> {
  const tests = await Promise.all(signals.map((one) => testSignal(one, attributes)));
  return {
    tests: tests.map(({ signal, config, problem }) => ({
      signal,
      address: addressOf(config.url),
      protocol: config.protocol,
      isAccepted: problem === undefined,
    })),
    findings: [...problemFindings(tests), ...skewFindings(tests)],
  };
}

interface TestedSignal extends OtlpSignal {
  readonly problem: Problem | undefined;
  readonly skewMs: number;
}

interface Problem {
  readonly id: FindingId;
  readonly values: Readonly<Record<string, string | number>>;
}

async function testSignal(one: OtlpSignal, attributes: Attributes): Promise<TestedSignal> {
  const { config, signal } = one;
  const message = testRequest(signal, config.protocol, attributes);
  const timeoutMs = Math.min(config.timeoutMs, MAX_TIMEOUT_MS);
  if (config.protocol === "grpc") {
    const response = await sendByGrpc(signal, config, message, timeoutMs);
    return { ...one, problem: await grpcProblem(response, config, timeoutMs), skewMs: 0 };
  }
  const isGzip = config.compression === "gzip";
  const result = await probe({
    url: config.url,
    headers: {
      "content-type":
        config.protocol === "http/json" ? "application/json" : "application/x-protobuf",
      ...(isGzip && { "content-encoding": "gzip" }),
      ...config.headers,
    },
    body: isGzip ? gzipSync(message) : message,
    tls: config.tls,
    timeoutMs,
  });
  const skewMs = result.kind === "response" ? result.skewMs : 0;
  return { ...one, problem: await httpProblem(result, config), skewMs };
}

async function httpProblem(result: ProbeResult, config: OtlpConfig): Promise<Problem | undefined> {
  if (result.kind === "silent") return { id: "endpoint-silent", values: { ms: result.ms } };
  if (result.kind === "failure") return connectionProblem(result.code, result.message, config);
  const { status, statusText, body } = result.response;
  if (status >= 200 && status < 300) return rejectionIn(body);
  // nginx and others answer plain HTTP on the port of TLS with 400.
  if (status === 400 && config.url.startsWith("http:") && (await speaksTls(new URL(config.url))))
    return { id: "tls-scheme", values: { scheme: "http", spoken: "https" } };
  const reason = `it answers ${status} ${excerpt(statusText)}`.trimEnd();
  if (status === 401 || status === 403) return { id: "endpoint-credentials", values: { reason } };
  if (status === 404 || status === 405) return { id: "endpoint-path-unknown", values: { reason } };
  return { id: "endpoint-rejected", values: { reason } };
}

/** The item is rejected, in spite of the status. The only number of the response is that of rejected items. */
function rejectionIn(body: Uint8Array): Problem | undefined {
  const text = Buffer.from(body).toString("utf8");
  const isRejected = text.startsWith("{")
    ? /"rejected(Spans|LogRecords|DataPoints)"\s*:\s*"?[1-9]/.test(text)
    : // partial_success (field 1) with rejected_… (field 1).
      body[0] === 0x0a && body[2] === 0x08 && body[3] !== 0;
  return isRejected
    ? { id: "endpoint-rejected", values: { reason: "it rejects the item, as a partial success" } }
    : undefined;
}

const CERTIFICATE_PROBLEMS: readonly (readonly [RegExp, FindingId])[] = [
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, "tls-expired"],
  [/ALTNAME/, "tls-hostname"],
  [/CERT|ISSUER|SELF_SIGNED|SIGNATURE/, "tls-untrusted"],
];

/** Returns the problem of a certificate by the code of an error, or undefined. */
export function certificateProblem(code: string): FindingId | undefined {
  // `ERR_SSL_…_CERTIFICATE_…` is an alert of the server about the client.
  if (code.startsWith("ERR_SSL")) return undefined;
  return CERTIFICATE_PROBLEMS.find(([pattern]) => pattern.test(code))?.[1];
}

async function connectionProblem(
  code: string,
  message: string,
  config: OtlpConfig,
): Promise<Problem> {
  const url = new URL(config.url);
  const certificate = certificateProblem(code);
  if (certificate !== undefined) return { id: certificate, values: { code } };
  if (code === "ECONNREFUSED") {
    const isOwn = isContainer() && isLoopback(url.hostname);
    return { id: isOwn ? "endpoint-in-container" : "endpoint-refused", values: {} };
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return { id: "endpoint-unknown-host", values: { code } };
  const spoken = await protocolProblem(url, config.protocol);
  if (spoken !== undefined) return spoken;
  if (code.startsWith("ERR_SSL") || code === "EPROTO")
    return { id: "tls-client", values: { code } };
  // Messages of a proxy contain its password.
  const reason = code === "ERR_PROXY_TUNNEL" ? "the proxy opens no tunnel" : excerpt(message);
  return { id: "endpoint-unreachable", values: { reason: reason || code } };
}

/** Asks a server that has broken the connection what it speaks. */
async function protocolProblem(url: URL, protocol: string): Promise<Problem | undefined> {
  if (url.protocol === "https:") {
    return (await speaksHttp(url))
      ? { id: "tls-scheme", values: { scheme: "https", spoken: "http" } }
      : undefined;
  }
  if (await speaksTls(url))
    return { id: "tls-scheme", values: { scheme: "http", spoken: "https" } };
  if (protocol === "grpc") {
    return (await speaksHttp(url)) ? { id: "endpoint-protocol", values: { protocol } } : undefined;
  }
  return (await speaksHttp2(url)) ? { id: "endpoint-protocol", values: { protocol } } : undefined;
}

const services = {
  traces: "trace.v1.TraceService",
  metrics: "metrics.v1.MetricsService",
  logs: "logs.v1.LogsService",
} as const;

async function sendByGrpc(
  signal: OtlpSignal["signal"],
  config: OtlpConfig,
  message: Uint8Array,
  timeoutMs: number,
): Promise<ExportResponse | undefined> {
  const path = `/opentelemetry.proto.collector.${services[signal]}/Export`;
  const connection = createGrpcConnection({ ...config, compression: "none" }, path, {
    ...config.headers,
    "user-agent": `telltale/${version}`,
    "content-type": "application/grpc",
    te: "trailers",
  });
  const attempt = connection.attempt(connection.encodeBody(message));
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = true;
    attempt.abort("silent");
  }, timeoutMs);
  const response = await attempt.response;
  clearTimeout(timer);
  return isSilent ? undefined : response;
}

async function grpcProblem(
  response: ExportResponse | undefined,
  config: OtlpConfig,
  ms: number,
): Promise<Problem | undefined> {
  if (response === undefined) return { id: "endpoint-silent", values: { ms } };
  if (response.status === "success") return rejectionIn(response.body);
  const { source, reason } = response.failure;
  if (source === "peer") {
    const isCredentials = /UNAUTHENTICATED|PERMISSION_DENIED/.test(reason);
    const values = { reason: `it ${reason.replace(/^answered/, "answers").split(";")[0]}` };
    if (isCredentials) return { id: "endpoint-credentials", values };
    const spoken = await protocolProblem(new URL(config.url), config.protocol);
    return spoken ?? { id: "endpoint-rejected", values };
  }
  // The reason of the connection names the code in parentheses, but for the usual ones.
  const code = /\(([A-Z][A-Z\d_]+)\)/.exec(reason)?.[1] ?? codeOfReason(reason);
  return connectionProblem(code, reason, config);
}

function codeOfReason(reason: string): string {
  if (reason.startsWith("connection refused")) return "ECONNREFUSED";
  return reason.startsWith("the host's name") ? "ENOTFOUND" : "ECONNRESET";
}

/** One finding for the signals that fail in the same way at the same address. */
function problemFindings(tests: readonly TestedSignal[]): Finding[] {
  const groups = new Map<
    string,
    { readonly problem: Problem; readonly address: string; readonly signals: string[] }
  >();
  for (const { signal, config, problem } of tests) {
    if (problem === undefined) continue;
    const address = addressOf(config.url);
    const key = JSON.stringify([problem, address]);
    const group = groups.get(key) ?? { problem, address, signals: [] };
    group.signals.push(signal);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ problem, address, signals }) =>
    createFinding(problem.id, { ...problem.values, address, signals: joinWords(signals) }),
  );
}

function skewFindings(tests: readonly TestedSignal[]): Finding[] {
  const skewed = tests.find(({ skewMs }) => Math.abs(skewMs) > MAX_SKEW_MS);
  if (skewed === undefined) return [];
  const seconds = Math.round(Math.abs(skewed.skewMs) / 1000);
  return [createFinding("clock-skew", { address: addressOf(skewed.config.url), seconds })];
}

/** Returns scheme, host and port. A path may contain a key. */
function addressOf(url: string): string {
  return maskAddress(new URL(url).origin);
}

export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(hostname);
}

/** Joins words as in "traces, metrics and logs". */
export function joinWords(words: readonly string[]): string {
  return words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}
