import type { Http2Server, ServerHttp2Stream } from "node:http2";
import { answerBody } from "./answer.ts";
import { numberOf } from "./connection.ts";
import type { Fault, Faults } from "./fault.ts";
import { MAX_BODY_BYTES, takeExport, unpack } from "./inbox.ts";
import type { OtlpSignal } from "./otlp.ts";
import type { ReceivedRequest } from "./received.ts";
import type { Store } from "./store.ts";

/** gRPC's `UNIMPLEMENTED` and `INVALID_ARGUMENT`. */
const UNIMPLEMENTED = 12;
const INVALID_ARGUMENT = 3;

const paths: Readonly<Record<string, OtlpSignal>> = {
  "/opentelemetry.proto.collector.trace.v1.TraceService/Export": "traces",
  "/opentelemetry.proto.collector.logs.v1.LogsService/Export": "logs",
  "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": "metrics",
};

type Headers = ReceivedRequest["headers"];

/** The receiver's gRPC side: the three unary `Export` calls of OTLP. */
export function serveGrpc(server: Http2Server, store: Store, faults: Faults): void {
  server.on("stream", (stream: ServerHttp2Stream, headers: object) => {
    stream.on("error", () => {});
    void take(stream, headers as Headers, store, faults).catch((error: unknown) => {
      end(stream, INVALID_ARGUMENT, String(error));
    });
  });
}

async function take(
  stream: ServerHttp2Stream,
  headers: Headers,
  store: Store,
  faults: Faults,
): Promise<void> {
  const path = String(headers[":path"]);
  const signal = paths[path];
  if (signal === undefined) {
    end(stream, UNIMPLEMENTED, `no ${path} here`);
    return;
  }
  const fault = faults.take(signal);
  const connection = stream.session ?? stream;
  const frame = await readFrame(stream);
  store.add("requests", [
    {
      method: "POST",
      path,
      headers,
      connection: numberOf(connection),
      bytes: frame.length,
      at: performance.now(),
      status: 200,
    },
  ]);
  const keeps = fault === undefined || fault.kind === "partial" || fault.kind === "slow";
  if (keeps) takeExport(store, signal, "application/grpc", messageOf(frame, headers), fault);
  if (fault?.kind === "slow") await new Promise((resolve) => setTimeout(resolve, fault.ms));
  if (keeps) {
    const rejected = fault?.kind === "partial" ? fault.rejected : 0;
    reply(stream, answerBody(signal, "application/grpc", rejected, "rejected"));
  } else {
    misbehave(stream, fault);
  }
}

/** A frame is a flag (compressed or not), a length of four bytes, and the message. */
function messageOf(frame: Buffer, headers: Headers): Buffer {
  const message = frame.subarray(5, 5 + frame.readUInt32BE(1));
  return frame[0] === 1 ? unpack(String(headers["grpc-encoding"]), message) : message;
}

function misbehave(stream: ServerHttp2Stream, fault: Fault): void {
  if (fault.kind === "status") end(stream, fault.status, fault.body ?? "", fault.headers);
  else if (fault.kind === "close") stream.session?.destroy();
  else if (fault.kind === "drip") drip(stream, fault.everyMs);
  else if (fault.kind === "giant") reply(stream, Buffer.alloc(fault.bytes));
}

function drip(stream: ServerHttp2Stream, everyMs: number): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" });
  const timer = setInterval(() => stream.write("."), everyMs);
  stream.on("close", () => clearInterval(timer));
}

function reply(stream: ServerHttp2Stream, message: Uint8Array): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([head, message]));
}

/** An answer without a message: gRPC's "trailers only". */
function end(
  stream: ServerHttp2Stream,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (stream.destroyed || stream.headersSent) return;
  stream.respond(
    {
      ":status": 200,
      "content-type": "application/grpc",
      "grpc-status": String(status),
      "grpc-message": encodeURIComponent(Buffer.from(message).toString()),
      ...headers,
    },
    { endStream: true },
  );
}

async function readFrame(stream: ServerHttp2Stream): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) throw new RangeError("message too large");
    parts.push(part);
  }
  return Buffer.concat(parts);
}
