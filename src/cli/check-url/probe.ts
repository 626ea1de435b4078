import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { redactPath } from "../../secrets.ts";
import { createAgent, httpModuleFor } from "../../export/connection/agent.ts";
import { proxyEnvironment } from "../../export/connection/proxy.ts";
import { version } from "../../version.ts";

/** What one request has found. */
export interface Probe {
  readonly isUp: boolean;
  /** In words, without secrets: `answered 200`. */
  readonly outcome: string;
  readonly status: number | undefined;
  /** In milliseconds, until the head of the response. */
  readonly durationMs: number;
  /** When the certificate expires; undefined without TLS. */
  readonly certificateExpires: Date | undefined;
}

/** Whether a status is expected. */
export type Expectation = (status: number) => boolean;

/** Requests a URL once, without following redirects. Never rejects. */
export async function probe(url: URL, isExpected: Expectation, timeoutMs: number): Promise<Probe> {
  const started = performance.now();
  const result = Promise.withResolvers<Omit<Probe, "durationMs">>();
  const agent = createAgent(url.href, { keepAlive: false, proxyEnv: proxyEnvironment() });
  const headers = { "user-agent": `telltale/${version}`, accept: "*/*" };
  const request = httpModuleFor(url.href).request(url, { agent, headers });
  const timer = setTimeout(() => {
    result.resolve(failure(`got no answer within ${timeoutMs} ms`));
    request.destroy();
  }, timeoutMs);
  request.on("response", (response) => {
    result.resolve(resultOf(response, isExpected));
    response.destroy();
  });
  request.on("error", (error: NodeJS.ErrnoException) => {
    // Messages of Node may contain addresses.
    result.resolve(failure(`failed (${error.code ?? error.name})`));
  });
  request.end();
  const found = await result.promise;
  clearTimeout(timer);
  return { ...found, durationMs: Math.round(performance.now() - started) };
}

function resultOf(response: IncomingMessage, isExpected: Expectation): Omit<Probe, "durationMs"> {
  const status = response.statusCode ?? 0;
  return {
    isUp: isExpected(status),
    outcome: `answered ${status}`,
    status,
    certificateExpires: expiryOf(response.socket as Partial<TLSSocket>),
  };
}

function expiryOf(socket: Partial<TLSSocket>): Date | undefined {
  const expires = new Date(socket.getPeerCertificate?.().valid_to ?? NaN);
  return Number.isNaN(expires.getTime()) ? undefined : expires;
}

function failure(outcome: string): Omit<Probe, "durationMs"> {
  return { isUp: false, outcome, status: undefined, certificateExpires: undefined };
}

/** Returns a URL for messages: without user, password and query, and without tokens in its path. */
export function shownUrl({ protocol, host, pathname, search }: URL): string {
  return `${protocol}//${host}${redactPath(pathname)}${search === "" ? "" : "?***"}`;
}
