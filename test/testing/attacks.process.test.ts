import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";

const json = ["content-type: application/json"];
const protobuf = ["content-type: application/x-protobuf"];

function request(
  line: string,
  headers: readonly string[] = [],
  body: string | Buffer = "",
  host = "127.0.0.1",
): Buffer {
  const content = Buffer.from(body);
  const head = [`${line} HTTP/1.1`, `host: ${host}`, "connection: close", ...headers];
  const length = `content-length: ${content.length}`;
  return Buffer.concat([Buffer.from([...head, length, "", ""].join("\r\n")), content]);
}

/** Encodes a message with one field of bytes. */
function field(number: number, bytes: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest < 0x80 ? rest : (rest & 0x7f) | 0x80);
    if (rest < 0x80) return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
  }
}

/** Encodes empty spans, of two bytes each. */
const emptySpans = (count: number): Buffer =>
  field(1, field(2, Buffer.alloc(count * 2, Buffer.from([0x12, 0x00]))));
const spanOf = (text: string): string =>
  JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ name: text }] }] }] });
const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

const attacks: readonly (readonly [title: string, bytes: Buffer, response: RegExp])[] = [
  ["a target of two slashes", request("GET //"), /^HTTP\/1.1 400 /],
  ["a target without a host", request("GET http://"), /^HTTP\/1.1 400 /],
  ["a target with half of an address", request("GET http://[::"), /^HTTP\/1.1 400 /],
  ["two slashes to post to", request("POST //", json, "{}"), /^HTTP\/1.1 400 /],
  ["an asterisk", request("OPTIONS *"), /^HTTP\/1.1 404 /],
  ["faults that are not JSON", request("PUT /faults", json, "{"), /^HTTP\/1.1 400 /],
  ["faults without a body", request("PUT /faults"), /^HTTP\/1.1 400 /],
  ["faults that are not a list", request("PUT /faults", json, "7"), /^HTTP\/1.1 400 /],
  ["a list with an invalid fault", request("PUT /faults", json, "[null]"), /^HTTP\/1.1 400 /],
  [
    "faults of megabytes",
    request("PUT /faults", json, " ".repeat(2_000_000)),
    /^(HTTP\/1.1 400 |$)/,
  ],
  [
    "spans that are not objects",
    request("POST /v1/traces", json, '{"resourceSpans":[7,null]}'),
    /^HTTP\/1.1 400 /,
  ],
  [
    "an invalid time",
    request(
      "POST /v1/logs",
      json,
      '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"soon"}]}]}]}',
    ),
    /^HTTP\/1.1 400 /,
  ],
  [
    "values nested too deeply for the stack",
    request(
      "POST /v1/traces",
      json,
      `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"a","value":{"stringValue":${nested(200_000)}}}]}]}]}]}`,
    ),
    /^HTTP\/1.1 400 /,
  ],
  [
    "eight million empty spans",
    request(
      "POST /v1/traces",
      [...protobuf, "content-encoding: gzip"],
      gzipSync(emptySpans(8_000_000)),
    ),
    /^HTTP\/1.1 400 /,
  ],
  [
    "a decompression bomb",
    request(
      "POST /v1/traces",
      [...protobuf, "content-encoding: gzip"],
      gzipSync(Buffer.alloc(200_000_000)),
    ),
    /^HTTP\/1.1 400 /,
  ],
  [
    "an event that is null",
    request("POST /api/1/envelope/", [], '{}\n{"type":"event"}\nnull\n'),
    /^HTTP\/1.1 200 /,
  ],
  [
    "an event nested too deeply for the stack",
    request("POST /api/1/envelope/", [], `{}\n{"type":"event"}\n${nested(200_000)}\n`),
    /^HTTP\/1.1 400 /,
  ],
  ["binary garbage", Buffer.from("\u0016\u0003\u0001"), /^HTTP\/1.1 400 /],
];

/** Headers `Host` and `Origin`, and the status of queries and of exports. */
const pages: readonly (readonly [
  title: string,
  host: string,
  origin: string | undefined,
  status: number,
])[] = [
  ["a service", "127.0.0.1:4318", undefined, 200],
  ["a service by name", "localhost:4318", undefined, 200],
  ["a service in a container", "host.docker.internal:4318", undefined, 200],
  ["its own page", "localhost:4318", "http://localhost:4318", 200],
  ["a page of another origin", "127.0.0.1:4318", "https://evil.example", 403],
  ["a page of another port", "127.0.0.1:4318", "http://127.0.0.1:8080", 403],
  ["a page with the origin null", "127.0.0.1:4318", "null", 403],
  ["a page by DNS rebinding", "evil.example:4318", "http://evil.example:4318", 403],
  ["a same-origin query by DNS rebinding", "evil.example:4318", undefined, 403],
];

describe("The receiver", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver({ grpcPort: 0 });
  });
  after(() => receiver.close());
  beforeEach(() => receiver.clear());

  for (const [title, bytes, response] of attacks) {
    it(`keeps running after ${title}`, async () => {
      assert.match(await sendRaw(receiver, bytes), response);
      assert.match(await sendRaw(receiver, request("GET /received")), /^HTTP\/1.1 200 /);
      assert.match(await sendRaw(receiver, request("GET /received/events")), /^HTTP\/1.1 200 /);
      assert.deepEqual(receiver.events, []);
    });
  }

  for (const [title, host, origin, status] of pages) {
    it(`responds to ${title} with ${status}`, async () => {
      const headers = origin === undefined ? [] : [`origin: ${origin}`];
      const expected = new RegExp(`^HTTP/1.1 ${status} `);
      const reading = request("GET /received/spans", headers, "", host);
      const sending = request("POST /v1/traces", [...json, ...headers], spanOf("x"), host);
      assert.match(await sendRaw(receiver, reading), expected);
      assert.match(await sendRaw(receiver, sending), expected);
      assert.equal(receiver.spans.length, status === 200 ? 1 : 0);
    });
  }

  for (const [title, frame] of [
    ["nothing", Buffer.alloc(0)],
    ["half of a head", Buffer.alloc(2)],
    ["less than its length", Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1])],
    ["nonsense", Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff])],
    ["40 MB", Buffer.alloc(40_000_000)],
  ] as const) {
    it(`keeps running after a gRPC call with ${title}`, async () => {
      const session = connectHttp2(receiver.grpcUrl ?? "");
      session.on("error", () => {});
      assert.notEqual(await statusOf(session, frame), "0");
      session.destroy();
      const next = connectHttp2(receiver.grpcUrl ?? "");
      assert.equal(await statusOf(next, Buffer.from([0, 0, 0, 0, 0])), "0");
      next.destroy();
    });
  }
});

describe("The store of the receiver", () => {
  it("is limited in bytes, and holds the newest items of each kind", async () => {
    const receiver = await startReceiver({ maxBytes: 4_000_000 });
    for (let index = 0; index < 30; index++) {
      const bytes = request("POST /v1/traces", json, spanOf(`${index} ${"x".repeat(200_000)}`));
      assert.match(await sendRaw(receiver, bytes), /^HTTP\/1.1 200 /);
    }
    const stored = receiver.spans.map(({ name }) => Number.parseInt(name, 10));
    await receiver.close();
    // 400 KB each.
    assert.deepEqual(stored, [21, 22, 23, 24, 25, 26, 27, 28, 29]);
  });

  it("counts shared objects of spans once, and resets its size when it is cleared", async () => {
    const receiver = await startReceiver({ maxBytes: 4_000_000 });
    const spans = Array.from({ length: 100 }, () => ({ name: "x" }));
    const attributes = [{ key: "service.name", value: { stringValue: "x".repeat(500_000) } }];
    const body = JSON.stringify({
      resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }],
    });
    for (let round = 0; round < 5; round++) {
      await sendRaw(receiver, request("POST /v1/traces", json, body));
      assert.equal(receiver.spans.length, 100);
      receiver.clear();
    }
    await receiver.close();
  });
});

async function sendRaw({ port }: Receiver, bytes: Buffer): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  let answer = "";
  socket.setEncoding("latin1").on("data", (text: string) => (answer += text));
  socket.write(bytes);
  await closeOf(socket);
  return answer;
}

/** Waits for the end, also after an error: a receiver that rejects a request may not read all of it. */
async function closeOf(emitter: EventEmitter): Promise<void> {
  await new Promise((resolve) => emitter.once("close", resolve));
}

async function statusOf(session: ClientHttp2Session, frame: Buffer): Promise<unknown> {
  const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  const stream = session.request({ ":method": "POST", ":path": path });
  stream.on("error", () => {});
  let status: unknown;
  const hear = (headers: object): void => {
    status ??= (headers as Record<string, unknown>)["grpc-status"];
  };
  stream.on("response", hear).on("trailers", hear).resume().end(frame);
  await closeOf(stream);
  return status;
}
