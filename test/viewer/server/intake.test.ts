import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { blockLoop } from "../../blocked-loop.ts";
import { send, startTestServer, type TestRequest, type TestServer } from "./test-server.ts";

const JSON_TYPE = "application/json";
const PROTOBUF_TYPE = "application/x-protobuf";
const trace = JSON.stringify({ resourceSpans: [] });
const protobuf = ProtobufTraceSerializer.serializeRequest([]) ?? new Uint8Array();
const LIMIT = 64 * 1024 * 1024;
/** Two hundred megabytes that take two hundred kilobytes. */
const bomb = gzipSync(Buffer.alloc(3 * LIMIT, " "));

const bodies: readonly {
  readonly title: string;
  readonly request: TestRequest;
  readonly status: number;
}[] = [
  { title: "JSON", request: post(trace, JSON_TYPE), status: 200 },
  {
    title: "JSON with a character set",
    request: post(trace, `${JSON_TYPE}; charset=utf-8`),
    status: 200,
  },
  { title: "protobuf", request: post(protobuf, PROTOBUF_TYPE), status: 200 },
  { title: "gzip", request: post(gzipSync(trace), JSON_TYPE, "gzip"), status: 200 },
  { title: "deflate", request: post(deflateSync(trace), JSON_TYPE, "deflate"), status: 200 },
  { title: "brotli", request: post(brotliCompressSync(trace), JSON_TYPE, "br"), status: 200 },
  {
    title: "a body that grows beyond the limit",
    request: post(bomb, JSON_TYPE, "gzip"),
    status: 413,
  },
  {
    title: "a body of which the length is beyond the limit",
    request: post("", JSON_TYPE, undefined, { "content-length": String(LIMIT + 1) }),
    status: 413,
  },
  { title: "text that is no JSON", request: post("{", JSON_TYPE), status: 400 },
  {
    title: "bytes that are no protobuf",
    request: post(Buffer.from("0aff", "hex"), PROTOBUF_TYPE),
    status: 400,
  },
  { title: "a text that is no gzip", request: post(trace, JSON_TYPE, "gzip"), status: 400 },
  { title: "an unknown encoding", request: post(trace, JSON_TYPE, "zstd2"), status: 415 },
];

function post(
  body: string | Uint8Array,
  type: string,
  encoding?: string,
  headers: Readonly<Record<string, string>> = {},
): TestRequest {
  const coding = encoding === undefined ? {} : { "content-encoding": encoding };
  return { method: "POST", body, headers: { "content-type": type, ...coding, ...headers } };
}

describe("The intake of the viewer", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  for (const { title, request, status } of bodies) {
    it(`answers ${status} to ${title}`, async () => {
      server.calls.length = 0;
      const response = await send(server.port, "/v1/traces", {
        ...request,
        headOnly: request.headers?.["content-length"] !== undefined,
      });
      assert.equal(response.status, status, response.body);
      assert.deepEqual(server.calls, status === 200 ? ["add"] : []);
    });
  }

  it("is awaited at the end, also if it has arrived while the event loop was blocked", async () => {
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    server.calls.length = 0;
    const drained = server.drain();
    socket.write(
      `POST /v1/traces HTTP/1.1\r\nhost: localhost:${server.port}\r\ncontent-type: ${JSON_TYPE}\r\ncontent-length: ${trace.length}\r\n\r\n${trace}`,
    );
    blockLoop(150);
    await drained;
    socket.destroy();
    assert.deepEqual(server.calls, ["add"]);
  });

  it("ends a connection that sends malformed bytes, and serves the next one", async () => {
    const socket = connect(server.port, "127.0.0.1");
    socket.end("GET / HTTP/1.1\r\nbad header\r\n\r\n");
    await new Promise((resolve) => socket.resume().once("close", resolve));
    assert.equal((await send(server.port, "/v1/traces", post(trace, JSON_TYPE))).status, 200);
  });

  it("refuses headers that are larger than any client's", async () => {
    const socket = connect(server.port, "127.0.0.1");
    let answer = "";
    socket.on("data", (part: Buffer) => (answer += part.toString("latin1")));
    socket.on("error", () => {});
    socket.write(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"a".repeat(100_000)}\r\n\r\n`);
    await new Promise((resolve) => socket.once("close", resolve));
    assert.match(answer, /^HTTP\/1\.1 4|^$/);
  });
});
