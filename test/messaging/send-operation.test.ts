import assert from "node:assert/strict";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { ROOT_CONTEXT, suppressTracing } from "../../src/context/context.ts";
import { runWithContext } from "../../src/context/manager.ts";
import type { MessageOperation } from "../../src/context/messaging.ts";
import { histogramsOf, numbersOf } from "../metrics/metrics-fixture.ts";
import { createMessagingFixture } from "./messaging-fixture.ts";

const publish: MessageOperation = {
  system: "rabbitmq",
  destination: "orders",
  operation: "publish",
};

describe("A message that is sent", () => {
  const generated = "reply-3f2b8c1e-9d4a-4e7b-8a6f-0c5d1e2f3a4b";
  const rows: readonly [title: string, MessageOperation, name: string, attributes: object][] = [
    [
      "to a broker",
      { ...publish, messageId: "7", broker: { address: "mq", port: 5672 } },
      "publish orders",
      {
        "messaging.destination.name": "orders",
        "messaging.message.id": "7",
        "server.address": "mq",
        "server.port": 5672,
      },
    ],
    [
      "in a batch of three",
      { ...publish, count: 3 },
      "publish orders",
      { "messaging.destination.name": "orders", "messaging.batch.message_count": 3 },
    ],
    ["without a destination", { ...publish, destination: "" }, "publish", {}],
    [
      "to a generated queue",
      { ...publish, destination: generated },
      "publish reply-*",
      {
        "messaging.destination.name": generated,
        "messaging.destination.template": "reply-*",
      },
    ],
    [
      "to a queue that the broker named",
      { ...publish, destination: "amq.gen-JzTY20BRgKO-HjmUJj0wLg" },
      "publish (anonymous)",
      {
        "messaging.destination.name": "amq.gen-JzTY20BRgKO-HjmUJj0wLg",
        "messaging.destination.anonymous": true,
      },
    ],
    [
      "with attributes of the library",
      { ...publish, attributes: { "messaging.destination.name": "ex:orders" } },
      "publish orders",
      { "messaging.destination.name": "ex:orders" },
    ],
  ];
  for (const [title, operation, name, attributes] of rows) {
    it(`${title} has the span "${name}"`, () => {
      const { tracer, spans } = createMessagingFixture();
      tracer.startSend(operation)?.end();
      const [span] = spans;
      assert.equal(span?.name, name);
      assert.equal(span.kind, SpanKind.PRODUCER);
      assert.deepEqual(span.attributes, {
        "messaging.system": "rabbitmq",
        "messaging.operation.name": "publish",
        "messaging.operation.type": "send",
        ...attributes,
      });
    });
  }

  it("propagates its span in lower-case headers", () => {
    const { tracer, spans } = createMessagingFixture();
    const operation = tracer.startSend(publish);
    operation?.end();
    const { traceId, spanId } = spans[0]?.spanContext() ?? {};
    assert.deepEqual(operation?.propagationHeaders, { traceparent: `00-${traceId}-${spanId}-03` });
  });

  it("records its duration and its count", async () => {
    const { tracer, collect } = createMessagingFixture();
    tracer.startSend({ ...publish, count: 3 })?.end();
    const collected = await collect();
    const attributes = {
      "messaging.system": "rabbitmq",
      "messaging.operation.name": "publish",
      "messaging.destination.name": "orders",
    };
    const [duration] = histogramsOf(collected, "messaging.client.operation.duration");
    assert.equal(duration?.value.count, 1);
    assert.deepEqual(duration.attributes, { ...attributes, "messaging.operation.type": "send" });
    const [sent] = numbersOf(collected, "messaging.client.sent.messages");
    assert.deepEqual([sent?.value, sent?.attributes], [3, attributes]);
  });

  const failures: readonly [title: string, error: unknown, type: string, events: number][] = [
    ["an error", new RangeError("full"), "RangeError", 1],
    [
      "an error with a code",
      Object.assign(new Error("x"), { code: "ECONNRESET" }),
      "ECONNRESET",
      1,
    ],
    ["an object that is not an error", { name: "_OTHER" }, "_OTHER", 0],
    ["null", null, "_OTHER", 0],
  ];
  for (const [title, error, type, events] of failures) {
    it(`that fails with ${title} has the error type ${type}`, async () => {
      const { tracer, spans, collect, internalErrors } = createMessagingFixture();
      tracer.startSend(publish)?.end(error);
      const [span] = spans;
      assert.equal(span?.status.code, SpanStatusCode.ERROR);
      assert.equal(span.attributes["error.type"], type);
      assert.equal(span.events.length, events);
      const [sent] = numbersOf(await collect(), "messaging.client.sent.messages");
      assert.equal(sent?.attributes["error.type"], type);
      assert.deepEqual(internalErrors, []);
    });
  }

  it("ends once", async () => {
    const { tracer, spans, collect } = createMessagingFixture();
    const operation = tracer.startSend(publish);
    operation?.end();
    operation?.end(new Error("late"));
    assert.equal(spans.length, 1);
    assert.equal(spans[0]?.status.code, SpanStatusCode.UNSET);
    const [sent] = numbersOf(await collect(), "messaging.client.sent.messages");
    assert.equal(sent?.value, 1);
  });

  it("has no span where tracing is suppressed", () => {
    const { tracer } = createMessagingFixture();
    const operation = runWithContext(suppressTracing(ROOT_CONTEXT), () =>
      tracer.startSend(publish),
    );
    assert.equal(operation, undefined);
  });

  it("is sent without a span when an attribute throws", () => {
    const { tracer, internalErrors } = createMessagingFixture();
    const hostile = {
      ...publish,
      get messageId(): string {
        throw new Error("boom");
      },
    };
    assert.equal(tracer.startSend(hostile), undefined);
    assert.deepEqual(internalErrors.map(String), ["Error: boom"]);
  });
});
