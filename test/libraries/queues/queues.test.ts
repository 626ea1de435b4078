import assert from "node:assert/strict";
import type { ReceivedEvent, ReceivedSpan } from "../../../src/testing/received.ts";
import { PrefetchQueue } from "../../integration/prefetch-queue.ts";
import { Brokers } from "./brokers.ts";
import {
  type ConversationResult,
  type OrderName,
  ordersOf,
  runConversation,
} from "./conversation.ts";
import { type BrokerName, type QueueRow, queueRows } from "./rows.ts";

const brokerNames = [...new Set(queueRows.map(({ broker }) => broker))];

for (const name of brokerNames) describeBroker(name);

function describeBroker(name: BrokerName): void {
  describe(`Messages over ${name}`, () => {
    const brokers = new Brokers();
    const rows = queueRows.filter(({ broker }) => broker === name);
    const conversations = new PrefetchQueue(rows, (row) =>
      runConversation(row, queueOf(row), brokers.urls, true),
    );
    before(async function () {
      await brokers.start(this, name);
    });
    after(async function () {
      await conversations.drain();
      await brokers.stop();
    });

    for (const row of rows) {
      describeRow(row, conversations);
      // Compared with a run without the preload, once for each program.
      if (rows.find(({ program }) => program === row.program) === row) {
        it(`have the same output as without the preload: ${titleOf(row)}`, async function () {
          const [bare, preloaded] = await Promise.all([
            runConversation(row, `${queueOf(row)}-bare`, brokers.urls, false),
            conversations.get(row),
          ]);
          await bare.receiver.close();
          assert.deepEqual(
            outputOf(preloaded, queueOf(row)),
            outputOf(bare, `${queueOf(row)}-bare`),
          );
        });
      }
    }
  });
}

function titleOf({ installed, program, moduleSystem, node }: QueueRow): string {
  return `${installed} (${program}), ${moduleSystem}, Node ${node}`;
}

function queueOf({ program, installed, moduleSystem, node }: QueueRow): string {
  return `${program}-${installed.replaceAll(/\W/g, "")}-${moduleSystem}-${node.replace(".", "-")}`;
}

/** Returns the output of both processes, without the name of the queue. */
function outputOf({ responses, front, back }: ConversationResult, queue: string): object {
  const same = (text: string): string => text.replaceAll(queue, "orders").replaceAll(/:\d+/g, "");
  return {
    responses: Object.fromEntries(
      Object.entries(responses).map(([order, response]) => [order, same(response)]),
    ),
    front: { code: front.code, signal: front.signal, stderr: withoutPids(front.stderr) },
    back: {
      code: back.code,
      signal: back.signal,
      stdout: same(back.stdout),
      stderr: withoutPids(back.stderr),
    },
  };
}

/** Removes process ids, and the numbers of which Node warns because of kafkajs. */
function withoutPids(stderr: string): string {
  return stderr.replaceAll(/\(node:\d+\)/g, "(node)").replaceAll(/-\d+ is a negative/g, "-N is a");
}

function describeRow(
  row: QueueRow,
  conversations: PrefetchQueue<QueueRow, ConversationResult>,
): void {
  describe(titleOf(row), () => {
    let result: ConversationResult;
    before(async function () {
      result = await conversations.get(row);
    });
    after(() => result?.receiver.close());
    testTraces(row, () => result);
    testFailures(row, () => result);
    testMetricsAndExit(row, () => result);
  });
}

function testTraces(row: QueueRow, found: () => ConversationResult): void {
  it("are one trace from the request through the message to the consumer's query", () => {
    const { server, producer, consumer, query } = traceOf(found(), row, "fine");
    assert.equal(producer.parentSpanId, server.spanId);
    assert.equal(query.parentSpanId, consumer.spanId);
    assert.equal(query.traceId, consumer.traceId);
    if (row.isBatch === true) {
      assert.deepEqual(
        consumer.links.map(({ spanId, traceId }) => ({ spanId, traceId })),
        [{ spanId: producer.spanId, traceId: producer.traceId }],
      );
    } else {
      assert.equal(consumer.parentSpanId, producer.spanId);
      assert.equal(new Set([server, producer, consumer].map(({ traceId }) => traceId)).size, 1);
    }
  });

  it("have spans with the names and attributes of the conventions", () => {
    const { producer, consumer } = traceOf(found(), row, "fine");
    const queue = queueOf(row);
    assert.deepEqual(
      [producer, consumer].map(({ name, kind, status }) => ({ name, kind, code: status.code })),
      [
        { name: `${row.sends} ${queue}`, kind: "PRODUCER", code: "UNSET" },
        { name: `process ${queue}`, kind: "CONSUMER", code: "UNSET" },
      ],
    );
    assert.deepEqual(conventional(producer), {
      "messaging.system": row.system,
      "messaging.destination.name": queue,
      "messaging.operation.name": row.sends,
      "messaging.operation.type": "send",
    });
    assert.deepEqual(conventional(consumer), {
      "messaging.system": row.system,
      "messaging.destination.name": queue,
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      ...(row.group !== undefined && {
        "messaging.consumer.group.name": row.group === "warehouse" ? row.group : queue,
      }),
    });
  });

  // A Kafka producer has several brokers.
  if (row.system !== "kafka") {
    it("record the address of the broker", () => {
      const { producer, consumer } = traceOf(found(), row, "fine");
      // Messages of JetStream don't know their connection.
      const spans = row.hasStream === true ? [producer] : [producer, consumer];
      for (const { attributes } of spans) {
        assert.equal(attributes["server.address"], "127.0.0.1");
        assert.ok(Number(attributes["server.port"]) > 1023);
      }
    });
  }
}

function testFailures(row: QueueRow, found: () => ConversationResult): void {
  it("are reported as one event with their job at each failed attempt", () => {
    // Events are sent one by one, so they may arrive in any order.
    const failures = found().receiver.events.map((event) => failureOf(event, row));
    const expected = expectedFailures(row);
    assert.deepEqual(
      failures.toSorted(byOrder),
      expected.map(({ order, attempt, level }) => ({
        message: `no stock for order-${order}`,
        level,
        transaction: `process ${queueOf(row)}`,
        queue: queueOf(row),
        attempt,
        id: row.system === "kafka" || row.system === "nats" ? undefined : `order-${order}`,
        name: row.system === "bullmq" ? "pack" : queueOf(row),
      })),
    );
    for (const event of found().receiver.events) {
      const trace = event.contexts?.["trace"]?.["trace_id"];
      const spans = found().receiver.spans.filter(({ traceId }) => traceId === trace);
      assert.ok(
        spans.some(({ kind }) => kind === "CONSUMER"),
        "its trace has the consumer",
      );
    }
  });

  it("have one span for each attempt", () => {
    const consumers = consumersOf(found(), "once");
    const attempts = consumers.map(({ attributes }) => attributes["telltale.job.attempt"]);
    if (row.hasStream === true) {
      const types = consumers.map(({ attributes }) => attributes["error.type"]);
      assert.deepEqual(types, ["nak", undefined]);
    }
    assert.deepEqual(attempts, row.retried === "no" ? [undefined] : [1, 2]);
  });
}

function testMetricsAndExit(row: QueueRow, found: () => ConversationResult): void {
  it("are counted and measured when sent and when processed", () => {
    const queue = queueOf(row);
    const count = ordersOf(row).length;
    const consumed = ["fine", "once", "twice"].flatMap((order) =>
      consumersOf(found(), order as OrderName),
    ).length;
    const sum = (metric: string): number =>
      pointsOf(found(), metric, queue).reduce((all, { value, count }) => all + (value ?? count), 0);
    assert.deepEqual(
      {
        sent: sum("messaging.client.sent.messages"),
        sends: sum("messaging.client.operation.duration"),
        consumed: sum("messaging.client.consumed.messages"),
        processes: sum("messaging.process.duration"),
      },
      { sent: count, sends: count, consumed, processes: consumed },
    );
  });

  it("hold neither process open", () => {
    assert.deepEqual([found().front.code, found().front.signal], [0, null], found().front.stderr);
    const code = row.exitsOnFailure === true ? 1 : 0;
    assert.deepEqual([found().back.code, found().back.signal], [code, null], found().back.stderr);
  });
}

interface Chain {
  readonly server: ReceivedSpan;
  readonly producer: ReceivedSpan;
  readonly consumer: ReceivedSpan;
  readonly query: ReceivedSpan;
}

/** Returns the spans of an order: requests and messages are in the order of `ordersOf`. */
function traceOf(found: ConversationResult, row: QueueRow, order: OrderName): Chain {
  const at = ordersOf(row).indexOf(order);
  const server = spansOf(found, "front", "SERVER")[at];
  const producer = spansOf(found, "front", "PRODUCER")[at];
  const consumer = consumersOf(found, order)[0];
  const query = spansOf(found, "back", "CLIENT").find(
    ({ parentSpanId }) => parentSpanId === consumer?.spanId,
  );
  assert.ok(server && producer && consumer && query, "a span is missing");
  return { server, producer, consumer, query };
}

/** Returns the consumer spans of the message that the order's request has sent. */
function consumersOf(found: ConversationResult, order: OrderName): ReceivedSpan[] {
  const producer = spansOf(found, "front", "PRODUCER")[["fine", "once", "twice"].indexOf(order)];
  return spansOf(found, "back", "CONSUMER").filter(
    ({ parentSpanId, links }) =>
      producer !== undefined &&
      [parentSpanId, ...links.map(({ spanId }) => spanId)].includes(producer.spanId),
  );
}

function spansOf(
  { receiver }: ConversationResult,
  service: string,
  kind: ReceivedSpan["kind"],
): ReceivedSpan[] {
  return receiver.spans
    .filter((span) => span.kind === kind && span.resource.attributes["service.name"] === service)
    .toSorted((a, b) => (BigInt(a.startTimeUnixNano) < BigInt(b.startTimeUnixNano) ? -1 : 1));
}

const names = /^messaging\.(system|destination\.name|operation\.\w+|consumer\.group\.name)$/;

function conventional({ attributes }: ReceivedSpan): object {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => names.test(name)));
}

/** Sorts by order and by attempt. */
function byOrder(a: ReportedFailure, b: ReportedFailure): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}

function keyOf({ message, attempt }: ReportedFailure): string {
  return `${message} ${String(attempt)}`;
}

interface ReportedFailure extends Readonly<Record<string, unknown>> {
  readonly message: string | undefined;
  readonly attempt: unknown;
}

interface Failure {
  readonly order: OrderName;
  /** A tag, so a text. */
  readonly attempt: string | undefined;
  readonly level: string;
}

/** Returns the expected events. BullMQ knows the last attempt, so earlier failures are warnings. */
function expectedFailures({ retried, exitsOnFailure }: QueueRow): Failure[] {
  const level = exitsOnFailure === true ? "fatal" : "error";
  if (retried === "no") return [{ order: "once", attempt: undefined, level }];
  if (retried === "again") return [{ order: "once", attempt: "1", level: "error" }];
  return [
    { order: "once", attempt: "1", level: "warning" },
    { order: "twice", attempt: "1", level: "warning" },
    { order: "twice", attempt: "2", level: "error" },
  ];
}

function failureOf(event: ReceivedEvent, { system, hasStream }: QueueRow): ReportedFailure {
  const { tags = {}, level, transaction, exception } = event;
  const hasOffset = system === "kafka";
  if (hasOffset) assert.match(String(tags["job.id"]), /\/0\/1$/);
  if (hasStream === true) assert.match(String(tags["job.id"]), /:2$/);
  return {
    message: exception?.values?.at(-1)?.value,
    level,
    transaction,
    queue: tags["job.queue"],
    attempt: tags["job.attempt"],
    id: hasOffset || hasStream === true ? undefined : tags["job.id"],
    name: tags["job.name"],
  };
}

interface Point {
  readonly value: number | undefined;
  readonly count: number;
}

/** Returns the points of each process's last export of the metric. */
function pointsOf({ receiver }: ConversationResult, name: string, queue: string): Point[] {
  return ["front", "back"].flatMap((service) => {
    const metric = receiver.metrics.findLast(
      (metric) => metric.name === name && metric.resource.attributes["service.name"] === service,
    );
    return (metric?.points ?? [])
      .filter(({ attributes }) => attributes["messaging.destination.name"] === queue)
      .map(({ value, count = 0 }) => ({ value, count }));
  });
}
