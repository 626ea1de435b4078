import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
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
import { answeredWith, codeIn, retryInfoMs, verdictOfCode } from "./grpc-status.ts";
import { answerOfError } from "./network-error.ts";
import { quieten } from "./quiet.ts";

const MAX_ANSWER_BYTES = 64 * 1024;
/** A flag, and the length of the message in four bytes. */
const FRAME_HEAD = 5;

/**
 * OTLP's unary call over gRPC, on Node's own HTTP/2. Not on `@grpc/grpc-js`, which
 * upstream's gRPC exporters bring: it takes 80 to 95 ms to load on the main thread,
 * holds the process open until the time limit when the peer hangs (tried: 4.0 s of
 * 4 s), and does not retry.
 */
export function createGrpcChannel(
  config: OtlpConfig,
  path: string,
  headers: Readonly<Record<string, string>>,
): Channel {
  const url = new URL(path, config.insecure ? config.url.replace(/^https:/, "http:") : config.url);
  const flag = config.compression === "gzip" ? 1 : 0;
  let line: Line | undefined;
  const lineNow = (): Line => {
    if (line === undefined || line.session.closed || line.session.destroyed) {
      line = open(url, config);
    }
    return line;
  };
  return {
    kind: "grpc",
    url: url.href,
    headers,
    frame: (message) => framed(flag, message),
    attempt: (body) => attempt(lineNow, { ":method": "POST", ":path": path, ...headers }, body),
  };
}

function framed(flag: number, message: Uint8Array): Uint8Array {
  const head = Buffer.alloc(FRAME_HEAD);
  head[0] = flag;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

interface Line {
  readonly session: ClientHttp2Session;
  readonly socket: Socket;
}

function open(url: URL, config: OtlpConfig): Line {
  const socket = dial(url, config);
  const session = connectHttp2(url, { createConnection: () => socket });
  // Told to the streams; unheard it would be the app's uncaught exception.
  session.on("error", () => {});
  // A peer that is about to go takes no further calls.
  session.on("goaway", () => session.close());
  return { session, socket };
}

function dial(url: URL, { tls }: OtlpConfig): Socket {
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
          // The name to check; an address is none (RFC 6066).
          ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
        })
      : connectTcp(Number(url.port || 80), host);
  quieten(socket);
  return socket;
}

function attempt(lineNow: () => Line, headers: Record<string, string>, body: Uint8Array): Attempt {
  try {
    const line = lineNow();
    return attemptOn(line, line.session.request(headers), body);
  } catch (error) {
    return failedAttempt(error);
  }
}

function attemptOn(
  { session, socket }: Line,
  stream: ClientHttp2Stream,
  body: Uint8Array,
): Attempt {
  const call = new Call();
  stream.on("response", (head) => call.head(head));
  stream.on("trailers", (trailers) => call.trailers(trailers));
  stream.on("data", (part: Buffer) => {
    if (!call.part(part)) stream.close(constants.NGHTTP2_CANCEL);
  });
  const onSessionError = (error: Error): void => call.fail(error);
  session.once("error", onSessionError);
  stream.on("error", (error) => call.fail(causeOf(error)));
  stream.on("close", () => {
    session.removeListener("error", onSessionError);
    call.end("the connection was closed before an answer");
  });
  stream.end(body);
  return {
    answer: call.answer,
    handedOver: () => stream.writableFinished && !call.refused,
    stop: (reason) => {
      call.end(reason);
      // And with it the stream: a peer that hung once gets a new connection.
      session.destroy();
      // Which leaves a socket alone that is still connecting.
      socket.destroy();
    },
  };
}

/** HTTP/2 wraps the reason why a stream never began. */
function causeOf(error: Error): unknown {
  return error.cause ?? error;
}

/** What a call has heard so far. */
class Call {
  readonly #expected = new Expected();
  readonly #parts: Buffer[] = [];
  #size = 0;
  /** Once the peer has said it: taken or not. */
  #verdict: Answer | undefined = undefined;

  get answer(): Promise<Answer> {
    return this.#expected.answer;
  }

  get refused(): boolean {
    return this.#verdict !== undefined && this.#verdict.kind !== "taken";
  }

  head(headers: IncomingHttpHeaders): void {
    const status = Number(headers[":status"]);
    if (headers["grpc-status"] !== undefined) this.trailers(headers);
    else if (status !== 200) this.#verdict = verdictOfHttp(status);
  }

  trailers(headers: IncomingHttpHeaders): void {
    const code = codeIn(headers["grpc-status"]);
    if (code === 0) {
      this.#verdict = { kind: "taken", body: this.#message() };
      return;
    }
    const text = excerptOf(decoded(String(headers["grpc-message"] ?? "")));
    const reason = answeredWith(code, text);
    this.#verdict = verdictOfCode(code, reason, retryInfoMs(headers["grpc-status-details-bin"]));
  }

  /** @returns false when it is enough. */
  part(part: Buffer): boolean {
    this.#size += part.length;
    if (this.#size <= MAX_ANSWER_BYTES) {
      this.#parts.push(part);
      return true;
    }
    this.#verdict ??= refused("peer", `answered with more than ${MAX_ANSWER_BYTES} bytes`);
    return false;
  }

  fail(error: unknown): void {
    this.#expected.settle(this.#verdict ?? answerOfError(error));
  }

  /** Nothing more will be heard, for this reason. */
  end(reason: string): void {
    this.#expected.settle(this.#verdict ?? busy("network", reason));
  }

  #message(): Uint8Array {
    return Buffer.concat(this.#parts).subarray(FRAME_HEAD);
  }
}

/** gRPC's `http-grpc-status-mapping`: these stand for UNAVAILABLE. */
function verdictOfHttp(status: number): Answer {
  const reason = `answered HTTP ${status} to a gRPC call`;
  return [429, 502, 503, 504].includes(status) ? busy("peer", reason) : refused("peer", reason);
}

/** gRPC percent-encodes its messages. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
