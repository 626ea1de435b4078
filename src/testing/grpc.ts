import type { Http2Server, ServerHttp2Stream } from "node:http2";
import { otlpResponseBody } from "../otlp/response.ts";
import { connectionIdOf } from "./connection-id.ts";
import type { Fault, Faults } from "./fault.ts";
import { MAX_BODY_BYTES, storeExport, decompress } from "./ingest.ts";
import type { OtlpSignal } from "../otlp/decode.ts";
import type { ReceivedRequest } from "./received.ts";
import type { ReceivedStore } from "./store.ts";

/** gRPC's `UNIMPLEMENTED` and `INVALID_ARGUMENT`. */
const UNIMPLEMENTED = 12;
const INVALID_ARGUMENT = 3;

const paths: Readonly<Record<string, OtlpSignal>> = {
  "/opentelemetry.proto.collector.trace.v1.TraceService/Export": "traces",
  "/opentelemetry.proto.collector.logs.v1.LogsService/Export": "logs",
  "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": "metrics",
};

type Headers = ReceivedRequest["headers"];

/** Serves the three unary `Export` calls of OTLP over gRPC. */
export function serveGrpc(server: Http2Server, store: ReceivedStore, faults: Faults): void {
  server.on("stream", (stream: ServerHttp2Stream, headers: object) => {
    stream.on("error", () => {});
    void handleCall(stream, headers as Headers, store, faults).catch((error: unknown) => {
      sendStatus(stream, INVALID_ARGUMENT, String(error));
    });
  });
}

async function handleCall(
  stream: ServerHttp2Stream,
  headers: Headers,
  store: ReceivedStore,
  faults: Faults,
): Promise<void> {
  const path = String(headers[":path"]);
  const signal = paths[path];
  if (signal === undefined) {
    sendStatus(stream, UNIMPLEMENTED, `unknown method ${path}`);
    return;
  }
  const fault = faults.consume(signal);
  const connection = stream.session ?? stream;
  const frame = await readFrame(stream);
  store.add("requests", [
    {
      method: "POST",
      path,
      headers,
      connection: connectionIdOf(connection),
      bytes: frame.length,
      at: performance.now(),
      status: 200,
    },
  ]);
  const isStored = fault === undefined || fault.kind === "partial" || fault.kind === "delay";
  if (isStored) storeExport(store, signal, "application/grpc", messageOf(frame, headers), fault);
  if (fault?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, fault.ms));
  if (isStored) {
    const rejected = fault?.kind === "partial" ? fault.rejected : 0;
    sendMessage(stream, otlpResponseBody(signal, "application/grpc", rejected, "rejected"));
  } else {
    applyFault(stream, fault);
  }
}

/** Reads a frame: a compression flag, a length of four bytes, and the message. */
function messageOf(frame: Buffer, headers: Headers): Buffer {
  const message = frame.subarray(5, 5 + frame.readUInt32BE(1));
  return frame[0] === 1 ? decompress(String(headers["grpc-encoding"]), message) : message;
}

function applyFault(stream: ServerHttp2Stream, fault: Fault): void {
  if (fault.kind === "status") sendStatus(stream, fault.status, fault.body ?? "", fault.headers);
  else if (fault.kind === "close") stream.session?.destroy();
  else if (fault.kind === "slow-body") sendSlowBody(stream, fault.everyMs);
  else if (fault.kind === "huge-body") sendMessage(stream, Buffer.alloc(fault.bytes));
}

function sendSlowBody(stream: ServerHttp2Stream, everyMs: number): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" });
  const timer = setInterval(() => stream.write("."), everyMs);
  stream.on("close", () => clearInterval(timer));
}

function sendMessage(stream: ServerHttp2Stream, message: Uint8Array): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([head, message]));
}

/** Sends a response without a message (gRPC's "trailers only"). */
function sendStatus(
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
