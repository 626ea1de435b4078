import assert from "node:assert/strict";
import { ExportResultCode } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { ReceivedRequest, ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { makeSpans } from "../telemetry.ts";
import { createTestPipeline, otlpConfig } from "../test-pipeline.ts";

/**
 * OpenTelemetry's exporter is the reference: the same spans through it and
 * through telltale's pipeline have to be the same at the receiver.
 */
describe("telltale's OTLP exporter beside @opentelemetry/exporter-trace-otlp-http", () => {
  let receiver: Receiver;
  before(async () => (receiver = await startReceiver()));
  beforeEach(() => receiver.clear());
  after(() => receiver.close());

  it("delivers the same spans in JSON", async () => {
    const spans = makeSpans(3);
    const expected = await received(() => exportByReference(spans));
    const actual = await received(() => exportByTelltale(spans, "http/json"));
    assert.equal(actual.spans.length, 3);
    assert.deepEqual(actual, expected);
  });

  it("delivers the same spans in protobuf", async () => {
    const spans = makeSpans(3);
    const expected = await received(() => exportByReference(spans));
    const actual = await received(() => exportByTelltale(spans, "http/protobuf"));
    assert.deepEqual(actual.spans, expected.spans);
  });

  /** What one export left at the receiver. */
  async function received(
    run: () => Promise<void>,
  ): Promise<{ spans: readonly ReceivedSpan[]; requests: unknown[] }> {
    receiver.clear();
    await run();
    const { spans, requests } = receiver;
    return { spans: [...spans], requests: requests.map(describeRequest) };
  }

  function exportByReference(spans: ReadableSpan[]): Promise<void> {
    const exporter = new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` });
    return new Promise((resolve, reject) => {
      exporter.export(spans, ({ code, error }) => {
        if (code === ExportResultCode.SUCCESS) resolve(exporter.shutdown());
        else reject(error ?? new Error("the reference could not export"));
      });
    });
  }

  async function exportByTelltale(
    spans: readonly ReadableSpan[],
    protocol: "http/json" | "http/protobuf",
  ): Promise<void> {
    const { batch, lines } = createTestPipeline(otlpConfig(receiver.url, { protocol }));
    for (const span of spans) batch.add(span);
    await batch.flush(10_000);
    assert.deepEqual(lines, []);
  }
});

function describeRequest({ path, headers }: ReceivedRequest): unknown {
  return { path, contentType: headers["content-type"] };
}
