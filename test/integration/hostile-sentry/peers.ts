import { makeCertificates } from "../../export/certificates.ts";
import { type RawResponse, startRawPeer } from "../../export/peer.ts";
import { startSilentHost } from "../../export/silent-host.ts";
import type { Fault } from "../../../src/testing/fault.ts";
import {
  type Receiver,
  type ReceiverOptions,
  startReceiver,
} from "../../../src/testing/receiver.ts";

/** What listens on the port of Sentry. */
export interface SentryPeer {
  /** Undefined if it understands no request. */
  readonly receiver?: Receiver;
  close(): Promise<void> | void;
}

/** A way in which Sentry fails. */
export interface HostileSentry {
  /** Continues the sentence "Sentry …". */
  readonly title: string;
  readonly start: (port: number) => Promise<SentryPeer>;
  /** Options of a receiver to which the app can send. */
  readonly healthy?: ReceiverOptions;
  /** Whether it decides on each event at once. */
  readonly isFinal?: true;
  /** Sentry's reasons for the losses, beside a full queue. */
  readonly reasons: readonly string[];
  /** The beginning of the line on stderr, after the address. */
  readonly line?: string;
}

const certificates = makeCertificates();
/** The authority that the app trusts, as PEM. */
export const ca: string = certificates.ca;

/** Sends a header without end. */
const dripHead: RawResponse = (socket) => {
  socket.write("HTTP/1.1 200 OK\r\nx-header: ");
  const timer = setInterval(() => socket.write("x"), 50);
  socket.on("close", () => clearInterval(timer));
};

export const hostileSentries: readonly HostileSentry[] = [
  {
    title: "refuses connections",
    start: () => Promise.resolve({ close: () => {} }),
    reasons: ["network_error"],
    line: "can't be reached (ECONNREFUSED)",
  },
  {
    title: "never accepts a connection",
    start: (port) => startSilentHost(port),
    reasons: ["network_error"],
  },
  failing("reads no request", { kind: "no-read" }),
  failing("never answers", { kind: "hang" }),
  failing("closes connections", { kind: "close" }, "can't be reached (ECONNRESET)"),
  raw("resets connections", (socket) => socket.resetAndDestroy(), "can't be reached (ECONNRESET)"),
  raw(
    "answers with garbage",
    (socket) => socket.end("\u0000\u0001\u0002 is no HTTP\r\n\r\n"),
    "can't be reached (HPE_INVALID_CONSTANT)",
  ),
  raw("answers byte by byte", dripHead),
  {
    title: "accepts events with a body without end",
    start: (port) => startSentry(port, { kind: "slow-body", everyMs: 50, status: 200 }),
    reasons: ["network_error"],
  },
  {
    title: "accepts events with a huge body",
    start: (port) => startSentry(port, { kind: "huge-body", bytes: 100_000_000, status: 200 }),
    isFinal: true,
    reasons: [],
  },
  {
    title: "has the certificate of another host",
    start: (port) => startSentry(port, undefined, { tls: certificates.otherHost }),
    healthy: { tls: certificates.server },
    reasons: ["network_error"],
    line: "can't be reached (ERR_TLS_CERT_ALTNAME_INVALID)",
  },
  limiting("answers 429", {}),
  limiting("answers 429 with Retry-After", { "retry-after": "30" }),
  limiting("answers 429 with a limit of errors", {
    "x-sentry-rate-limits": "30:error:organization:usage_exceeded",
  }),
  rejecting(413),
  rejecting(307),
  unavailable(500),
  unavailable(503, { "retry-after": "1" }),
];

/** Starts a receiver, with a fault of every request. */
export async function startSentry(
  port: number,
  fault?: Fault,
  options: ReceiverOptions = {},
): Promise<SentryPeer & { readonly receiver: Receiver }> {
  const receiver = await startReceiver({ port, ...options });
  if (fault !== undefined) receiver.setFaults(fault);
  return { receiver, close: () => receiver.close() };
}

function failing(title: string, fault: Fault, line?: string): HostileSentry {
  const start = (port: number): Promise<SentryPeer> => startSentry(port, fault);
  return { title, start, reasons: ["network_error"], ...(line !== undefined && { line }) };
}

function raw(title: string, respond: RawResponse, line?: string): HostileSentry {
  const start = (port: number): Promise<SentryPeer> => startRawPeer(respond, port);
  return { title, start, reasons: ["network_error"], ...(line !== undefined && { line }) };
}

function limiting(title: string, headers: Readonly<Record<string, string>>): HostileSentry {
  return {
    title,
    start: (port) => startSentry(port, { kind: "status", status: 429, headers }),
    isFinal: true,
    reasons: ["ratelimit_backoff"],
    line: "answers 429",
  };
}

function rejecting(status: number): HostileSentry {
  const headers = { location: "http://127.0.0.1:9/" };
  return {
    title: `answers ${status}`,
    start: (port) => startSentry(port, { kind: "status", status, headers }),
    isFinal: true,
    reasons: ["send_error"],
    line: `answers ${status}`,
  };
}

function unavailable(
  status: number,
  headers: Readonly<Record<string, string>> = {},
): HostileSentry {
  return {
    title: `answers ${status}`,
    start: (port) => startSentry(port, { kind: "status", status, headers }),
    reasons: ["send_error"],
    line: `answers ${status}`,
  };
}
