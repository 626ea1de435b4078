import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { OtlpConfig } from "../../config/config.ts";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import {
  type ExportAttempt,
  type ExportConnection,
  type ExportResponse,
  failedAttempt,
  failureResponse,
  MAX_RESPONSE_BYTES,
  retryableResponse,
  tooLargeResponse,
} from "./export-connection.ts";
import { describeStatus, parseStatusCode, retryInfoMs, responseForCode } from "./grpc-status.ts";
import { responseForError } from "./network-error.ts";
import { unrefSocket } from "./unref-socket.ts";

/** A flag and the length of the message, which takes four bytes. */
const FRAME_HEADER_BYTES = 5;

/**
 * Creates a connection for OTLP's unary call over gRPC, on Node's own HTTP/2. Not on
 * `@grpc/grpc-js`, which upstream's gRPC exporters use: it takes 80 to 95 ms to load
 * on the main thread, keeps the process alive until the time limit when the peer
 * hangs (measured: 4.0 s of 4 s), and does not retry.
 */
export function createGrpcConnection(
  config: OtlpConfig,
  path: string,
  headers: Readonly<Record<string, string>>,
): ExportConnection {
  const url = new URL(path, config.insecure ? config.url.replace(/^https:/, "http:") : config.url);
  const flag = config.compression === "gzip" ? 1 : 0;
  let session: GrpcSession | undefined;
  const getSession = (): GrpcSession => {
    if (session === undefined || session.session.closed || session.session.destroyed) {
      session = openSession(url, config);
    }
    return session;
  };
  return {
    kind: "grpc",
    url: url.href,
    headers,
    encodeBody: (message) => frameMessage(flag, message),
    attempt: (body) =>
      startAttempt(getSession, { ":method": "POST", ":path": path, ...headers }, body),
  };
}

function frameMessage(flag: number, message: Uint8Array): Uint8Array {
  const head = Buffer.alloc(FRAME_HEADER_BYTES);
  head[0] = flag;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

interface GrpcSession {
  readonly session: ClientHttp2Session;
  readonly socket: Socket;
}

function openSession(url: URL, config: OtlpConfig): GrpcSession {
  const socket = connectSocket(url, config);
  const session = connectHttp2(url, { createConnection: () => socket });
  // The streams report it; without a listener it would be an uncaught exception in the app.
  session.on("error", () => {});
  // A peer that shuts down accepts no further calls.
  session.on("goaway", () => session.close());
  return { session, socket };
}

function connectSocket(url: URL, { tls }: OtlpConfig): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const socket =
    url.protocol === "https:"
      ? connectTls({
          host,
          port: Number(url.port || 443),
          ALPNProtocols: ["h2"],
          ca: tls.ca,
          cert: tls.cert,
          key: tls.key,
          // Omitted for an IP address (RFC 6066).
          ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
        })
      : connectTcp(Number(url.port || 80), host);
  unrefSocket(socket);
  return socket;
}

function startAttempt(
  getSession: () => GrpcSession,
  headers: Record<string, string>,
  body: Uint8Array,
): ExportAttempt {
  try {
    const grpcSession = getSession();
    return startAttemptOn(grpcSession, grpcSession.session.request(headers), body);
  } catch (error) {
    return failedAttempt(error);
  }
}

function startAttemptOn(
  { session, socket }: GrpcSession,
  stream: ClientHttp2Stream,
  body: Uint8Array,
): ExportAttempt {
  const call = new GrpcCall();
  stream.on("response", (head) => call.onHeaders(head));
  stream.on("trailers", (trailers) => call.onTrailers(trailers));
  stream.on("data", (part: Buffer) => {
    if (!call.onData(part)) stream.close(constants.NGHTTP2_CANCEL);
  });
  const onSessionError = (error: Error): void => call.onError(error);
  session.once("error", onSessionError);
  stream.on("error", (error) => call.onError(causeOf(error)));
  stream.on("close", () => {
    session.removeListener("error", onSessionError);
    call.onEnd("the connection was closed before an answer");
  });
  stream.end(body);
  return {
    response: call.response,
    isFullyWritten: () => stream.writableFinished && !call.isRejected,
    abort: (reason) => {
      call.onEnd(reason);
      // Ends the stream too: after a timeout a new connection is used.
      session.destroy();
      // The session does not destroy a socket that is still connecting.
      socket.destroy();
    },
  };
}

/** Unwraps the reason why HTTP/2 could not open a stream. */
function causeOf(error: Error): unknown {
  return error.cause ?? error;
}

/** Collects the response to one call. */
class GrpcCall {
  readonly #deferred = Promise.withResolvers<ExportResponse>();
  readonly #parts: Buffer[] = [];
  #size = 0;
  /** Set as soon as the peer has accepted or rejected the call. */
  #knownResponse: ExportResponse | undefined = undefined;

  get response(): Promise<ExportResponse> {
    return this.#deferred.promise;
  }

  get isRejected(): boolean {
    return this.#knownResponse !== undefined && this.#knownResponse.status !== "success";
  }

  onHeaders(headers: IncomingHttpHeaders): void {
    const status = Number(headers[":status"]);
    if (headers["grpc-status"] !== undefined) this.onTrailers(headers);
    else if (status !== 200) this.#knownResponse = responseForHttpStatus(status);
  }

  onTrailers(headers: IncomingHttpHeaders): void {
    const code = parseStatusCode(headers["grpc-status"]);
    if (code === 0) {
      this.#knownResponse = { status: "success", body: this.#message() };
      return;
    }
    const text = excerpt(decodeMessage(String(headers["grpc-message"] ?? "")));
    const reason = describeStatus(code, text);
    this.#knownResponse = responseForCode(
      code,
      reason,
      retryInfoMs(headers["grpc-status-details-bin"]),
    );
  }

  /** @returns false if no more data should be read. */
  onData(part: Buffer): boolean {
    this.#size += part.length;
    if (this.#size <= MAX_RESPONSE_BYTES) {
      this.#parts.push(part);
      return true;
    }
    this.#knownResponse ??= failureResponse(
      "peer",
      `answered with more than ${MAX_RESPONSE_BYTES} bytes`,
    );
    return false;
  }

  onError(error: unknown): void {
    this.#deferred.resolve(this.#knownResponse ?? responseForError(error));
  }

  /** Ends the call; without a response from the peer, for this reason. */
  onEnd(reason: string): void {
    this.#deferred.resolve(this.#knownResponse ?? retryableResponse("network", reason));
  }

  #message(): Uint8Array {
    return Buffer.concat(this.#parts).subarray(FRAME_HEADER_BYTES);
  }
}

/** Converts an HTTP status by gRPC's `http-grpc-status-mapping`: the retryable ones mean UNAVAILABLE. */
function responseForHttpStatus(status: number): ExportResponse {
  const reason = `answered HTTP ${status} to a gRPC call`;
  if (status === 413) return tooLargeResponse(reason);
  return [429, 502, 503, 504].includes(status)
    ? retryableResponse("peer", reason)
    : failureResponse("peer", reason);
}

/** Decodes a message, which gRPC percent-encodes. */
function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
