import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { collectorBinary } from "../../scripts/collector/build.ts";
import type { ReceivedSpan } from "../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { type Preset, startPreset } from "./support/preset.ts";
import { idOf, makeMetrics, postTelemetry, otlpSpansOf } from "./support/telemetry.ts";

const COLD_BUILD_MS = 30 * 60_000;
const JSON_TYPE = { "content-type": "application/json" };
const GZIPPED = { ...JSON_TYPE, "content-encoding": "gzip" };
const PROTOBUF_TYPE = { "content-type": "application/x-protobuf" };

/* Status codes of gRPC. */
const RESOURCE_EXHAUSTED = 8;
const INTERNAL = 13;

/** Invalid requests, and the status of their responses. */
interface Row {
  readonly title: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: () => string | Uint8Array<ArrayBuffer> | undefined;
  readonly status: number;
}

/** A request with one span, without its last bytes. */
const cutProtobuf = Buffer.from(
  "0a2012001a1c12001a180a104bf92f3577b34da6a3ce929d0e0e4736120800f0",
  "hex",
);

const rows: readonly Row[] = [
  {
    title: "JSON that ends early",
    headers: JSON_TYPE,
    body: () => '{"resourceSpans":[',
    status: 400,
  },
  {
    title: "JSON of another kind",
    headers: JSON_TYPE,
    body: () => '{"resourceSpans":"a"}',
    status: 400,
  },
  { title: "an id that is none", headers: JSON_TYPE, body: () => withTraceId("xyz"), status: 400 },
  { title: "no JSON at all", headers: JSON_TYPE, body: () => "spans, please", status: 400 },
  { title: "no protobuf", headers: PROTOBUF_TYPE, body: () => bytes(2000, 0xff), status: 400 },
  {
    title: "protobuf that ends early",
    headers: PROTOBUF_TYPE,
    body: () => new Uint8Array(cutProtobuf),
    status: 400,
  },
  { title: "JSON by the name of protobuf", headers: PROTOBUF_TYPE, body: goodBody, status: 400 },
  { title: "another type", headers: { "content-type": "text/plain" }, body: goodBody, status: 415 },
  { title: "no type", headers: { "content-type": "" }, body: goodBody, status: 415 },
  {
    title: "what is called gzip, and isn't",
    headers: GZIPPED,
    body: goodBody,
    status: 400,
  },
  {
    title: "an unknown encoding",
    headers: { ...JSON_TYPE, "content-encoding": "rot13" },
    body: goodBody,
    status: 400,
  },
  {
    title: "a path that is none",
    path: "/v1/nonsense",
    headers: JSON_TYPE,
    body: goodBody,
    status: 404,
  },
  { title: "a question", method: "GET", headers: {}, body: () => undefined, status: 405 },
  {
    title: "more than 20 MiB",
    headers: GZIPPED,
    // Compressed, so that it is sent completely before it is rejected.
    body: () => packed(`{"resourceSpans":[${" ".repeat(21 << 20)}]}`),
    status: 400,
  },
  {
    title: "1 GiB in 1 MB of gzip",
    headers: GZIPPED,
    body: bomb,
    status: 400,
  },
];

describe("Agent and gateway", function () {
  let receiver: Receiver;
  let gateway: Preset;
  let agent: Preset;
  let sent = 0;
  before(async function () {
    this.timeout(COLD_BUILD_MS);
    const binary = await collectorBinary();
    receiver = await startReceiver({ maxItems: 250_000, maxBytes: 2 ** 30 });
    gateway = await startPreset(binary, "gateway", {
      TELLTALE_COLLECTOR_BACKEND: receiver.url,
      TELLTALE_COLLECTOR_DECISION_WAIT: "500ms",
    });
    agent = await startPreset(binary, "agent", { TELLTALE_COLLECTOR_GATEWAY: gateway.url });
  });
  beforeEach(() => receiver.clear());
  after(async () => {
    await agent?.stop();
    await gateway?.stop();
    await receiver?.close();
  });

  for (const { title, path = "/v1/traces", method = "POST", headers, body, status } of rows) {
    it(`respond to ${title} with ${status}, and keep working`, async () => {
      for (const preset of [agent, gateway]) {
        const content = body();
        const response = await fetch(preset.url + path, {
          method,
          headers,
          ...(content === undefined ? {} : { body: content }),
        });
        assert.equal(response.status, status, await response.text());
        await assertAcceptsRequests(preset);
      }
    });
  }

  it("close only the connection that sends noise instead of HTTP", async () => {
    for (const url of [agent.url, agent.grpcUrl, gateway.url, gateway.grpcUrl]) {
      await new Promise((resolve) => {
        const socket = connect(Number(new URL(url).port), "127.0.0.1");
        // Some connections are reset, some get a response and are closed.
        socket.on("error", () => {}).on("close", resolve);
        socket.resume().end(bytes(10_000, 0x16));
      });
    }
    await assertAcceptsRequests(agent);
    await assertAcceptsRequests(gateway);
  });

  it("drop an aborted request", async () => {
    const socket = connect(Number(new URL(agent.url).port), "127.0.0.1");
    await once(socket, "connect");
    const head = "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json";
    socket.write(`${head}\r\nContent-Length: 100000\r\n\r\n{"resourceSpans":[`);
    socket.destroy();
    await once(socket, "close");
    await assertAcceptsRequests(agent);
  });

  it("reject 100,000 spans in one request of more than 20 MiB", async () => {
    const name = "a name that is long enough to exceed the limit of a request. ".repeat(2);
    const body = manySpans(100_000, name);
    assert.ok(body.length > 20 << 20);
    const { status } = await sendSpans(packed(body));
    assert.equal(status, 400);
    await assertAcceptsSpans(agent);
    assert.deepEqual(new Set(receiver.spans.map(({ name }) => name)), new Set(["fine"]));
  });

  it("accept and forward 100,000 spans in one smaller request", async () => {
    const { status } = await sendSpans(packed(manySpans(100_000, "n")));
    assert.equal(status, 200);
    // A batch that the gateway or the receiver accepts too late is sent again.
    await receiver.waitFor(
      ({ spans }) => spans.length >= 100_000 && idsOf(spans).size >= 100_000,
      "100,000 spans",
    );
    assert.equal(idsOf(receiver.spans).size, 100_000);
    await assertAcceptsSpans(agent);
  });

  for (const [title, length, status] of [
    ["no protobuf", 2000, INTERNAL],
    ["a message with a length of more than 20 MiB", 21 << 20, RESOURCE_EXHAUSTED],
  ] as const) {
    it(`respond to ${title} in a gRPC call with status ${status}, and keep working`, async () => {
      for (const preset of [agent, gateway]) {
        assert.equal(await grpcStatusOf(preset.grpcUrl, length), status);
        await assertAcceptsRequests(preset);
      }
    });
  }

  it("ignore metrics at the path of traces", async () => {
    const body = JSON.stringify(makeMetrics());
    const response = await fetch(`${agent.url}/v1/traces`, {
      method: "POST",
      headers: JSON_TYPE,
      body,
    });
    // Receivers ignore unknown fields (OTLP 1.x, "JSON Protobuf Encoding"): an empty request.
    assert.equal(response.status, 200, await response.text());
    await assertAcceptsSpans(agent);
    // Those of the test before may arrive once more.
    const names = receiver.spans.map(({ name }) => name).filter((name) => name !== "n");
    assert.deepEqual(new Set(names), new Set(["fine"]));
  });

  async function sendSpans(body: Uint8Array<ArrayBuffer>): Promise<Response> {
    const response = await fetch(`${agent.url}/v1/traces`, {
      method: "POST",
      headers: GZIPPED,
      body,
    });
    await response.arrayBuffer();
    return response;
  }

  /** Sends a valid log after the invalid request, and waits for it: logs are not sampled. */
  async function assertAcceptsRequests({ url }: Preset): Promise<void> {
    const body = `fine ${++sent}`;
    await postTelemetry(url, "logs", logOf(body));
    await receiver.waitFor(({ logs }) => logs.some((log) => log.body === body), "the good log");
  }

  /** Sends a valid span, and waits for it: earlier traces have been sampled by then. */
  async function assertAcceptsSpans({ url }: Preset): Promise<void> {
    const trace = 5_000_000 + ++sent;
    await postTelemetry(url, "traces", otlpSpansOf([{ trace, name: "fine", failed: true }]));
    await receiver.waitFor(
      ({ spans }) => spans.some(({ traceId }) => traceId === idOf(trace, 32)),
      "the good span",
    );
  }
});

function logOf(body: string): object {
  return { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: body } }] }] }] };
}

function goodBody(): string {
  return JSON.stringify(otlpSpansOf([{ trace: 1, name: "good" }]));
}

function withTraceId(traceId: string): string {
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId, name: "n" }] }] }] });
}

function packed(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(gzipSync(text));
}

/**
 * Calls the trace service, and returns the status in the trailers.
 *
 * @param length the length in the message's header; at most 2000 bytes follow
 */
async function grpcStatusOf(url: string, length: number): Promise<number> {
  const session = connectHttp2(url);
  try {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(length, 1);
    const call = session.request({
      ":method": "POST",
      ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      "content-type": "application/grpc",
      te: "trailers",
    });
    call.on("error", () => {});
    call.write(Buffer.concat([head, bytes(Math.min(length, 2000), 0xff)]));
    if (length <= 2000) call.end();
    return await new Promise((resolve, reject) => {
      const hear = (headers: Readonly<Record<string, unknown>>): void => {
        if (headers["grpc-status"] !== undefined) resolve(Number(headers["grpc-status"]));
      };
      call.on("response", hear).on("trailers", hear).resume();
      call.on("close", () => reject(new Error("no status")));
    });
  } finally {
    session.destroy();
  }
}

function bytes(count: number, value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(count).fill(value);
}

/** Compresses a text as 64 gzip members. */
function bomb(): Uint8Array<ArrayBuffer> {
  const part = gzipSync(Buffer.alloc(16 << 20, " "));
  return Uint8Array.from(Buffer.concat(Array.from({ length: 64 }, () => part)));
}

function idsOf(spans: readonly ReceivedSpan[]): Set<string> {
  return new Set(spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`));
}

/** Creates spans in traces of 100, all of which are sampled. */
function manySpans(count: number, name: string): string {
  const spans = Array.from({ length: count }, (_, index) => {
    const traceId = idOf(Math.floor(index / 100), 32);
    const spanId = idOf(index, 16);
    return `{"traceId":"${traceId}","spanId":"${spanId}","name":"${name}","kind":1,"status":{"code":2}}`;
  });
  return `{"resourceSpans":[{"scopeSpans":[{"spans":[${spans.join(",")}]}]}]}`;
}
