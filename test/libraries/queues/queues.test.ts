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
    const own = queueRows.filter(({ broker }) => broker === name);
    const talks = new PrefetchQueue(own, (row) =>
      runConversation(row, queueOf(row), brokers.urls, true),
    );
    before(async function () {
      await brokers.start(this, name);
    });
    after(async function () {
      await talks.drain();
      await brokers.stop();
    });

    for (const row of own) {
      describeRow(row, talks);
      // As without us: once for each program is enough.
      if (own.find(({ program }) => program === row.program) === row) {
        it(`${titleOf(row)}: does what it does without us`, async function () {
          const [bare, preloaded] = await Promise.all([
            runConversation(row, `${queueOf(row)}-bare`, brokers.urls, false),
            talks.get(row),
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

/** All that somebody outside sees of the two; the name of the queue is not the same. */
function outputOf({ answers, front, back }: ConversationResult, queue: string): object {
  const same = (text: string): string => text.replaceAll(queue, "orders").replaceAll(/:\d+/g, "");
  return {
    answers: Object.fromEntries(
      Object.entries(answers).map(([order, answer]) => [order, same(answer)]),
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

/** Nor those numbers that kafkajs makes Node warn of. */
function withoutPids(stderr: string): string {
  return stderr.replaceAll(/\(node:\d+\)/g, "(node)").replaceAll(/-\d+ is a negative/g, "-N is a");
}

function describeRow(row: QueueRow, talks: PrefetchQueue<QueueRow, ConversationResult>): void {
  describe(titleOf(row), () => {
    let found: ConversationResult;
    before(async function () {
      found = await talks.get(row);
    });
    after(() => found?.receiver.close());

    it("makes one trace from the request through the message to the consumer's query", () => {
      const { server, producer, consumer, query } = traceOf(found, row, "fine");
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

    it("names its spans by the conventions", () => {
      const { producer, consumer } = traceOf(found, row, "fine");
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

    // A producer of Kafka's has several brokers.
    if (row.system !== "kafka") {
      it("says where the broker is", () => {
        const { producer, consumer } = traceOf(found, row, "fine");
        // What comes by a stream of JetStream's doesn't say by which connection.
        const spans = row.hasStream === true ? [producer] : [producer, consumer];
        for (const { attributes } of spans) {
          assert.equal(attributes["server.address"], "127.0.0.1");
          assert.ok(Number(attributes["server.port"]) > 1023);
        }
      });
    }

    it("reports each attempt that fails as one event, with what the job is", () => {
      // Each is sent by itself, so that they may arrive in any order.
      const failures = found.receiver.events.map((event) => failureOf(event, row));
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
      for (const event of found.receiver.events) {
        const trace = event.contexts?.["trace"]?.["trace_id"];
        const spans = found.receiver.spans.filter(({ traceId }) => traceId === trace);
        assert.ok(
          spans.some(({ kind }) => kind === "CONSUMER"),
          "its trace has the consumer",
        );
      }
    });

    it("shows each attempt as a span of its own", () => {
      const consumers = consumersOf(found, "once");
      const attempts = consumers.map(({ attributes }) => attributes["telltale.job.attempt"]);
      if (row.hasStream === true) {
        const types = consumers.map(({ attributes }) => attributes["error.type"]);
        assert.deepEqual(types, ["nak", undefined]);
      }
      assert.deepEqual(attempts, row.retried === "no" ? [undefined] : [1, 2]);
    });

    it("measures what was sent and processed", () => {
      const queue = queueOf(row);
      const count = ordersOf(row).length;
      const consumed = ["fine", "once", "twice"].flatMap((order) =>
        consumersOf(found, order as OrderName),
      ).length;
      const sum = (metric: string): number =>
        pointsOf(found, metric, queue).reduce((all, { value, count }) => all + (value ?? count), 0);
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

    it("lets both processes end by themselves", () => {
      assert.deepEqual([found.front.code, found.front.signal], [0, null], found.front.stderr);
      const code = row.exitsOnFailure === true ? 1 : 0;
      assert.deepEqual([found.back.code, found.back.signal], [code, null], found.back.stderr);
    });
  });
}

interface Chain {
  readonly server: ReceivedSpan;
  readonly producer: ReceivedSpan;
  readonly consumer: ReceivedSpan;
  readonly query: ReceivedSpan;
}

/** The requests came one after the other, and so did their messages. */
function traceOf(found: ConversationResult, row: QueueRow, order: OrderName): Chain {
  const at = ordersOf(row).indexOf(order);
  const server = spansOf(found, "front", "SERVER")[at];
  const producer = spansOf(found, "front", "PRODUCER")[at];
  const consumer = consumersOf(found, order)[0];
  const query = spansOf(found, "back", "CLIENT").find(
    ({ parentSpanId }) => parentSpanId === consumer?.spanId,
  );
  assert.ok(server && producer && consumer && query, "all four are there");
  return { server, producer, consumer, query };
}

/** The units of work of an order: of the message that its request has sent. */
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

/** By the order that failed, and by attempt. */
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
  readonly attempt: number | undefined;
  readonly level: string;
}

/** BullMQ says which attempt is the last: what comes before is a warning. */
function expectedFailures({ retried, exitsOnFailure }: QueueRow): Failure[] {
  const level = exitsOnFailure === true ? "fatal" : "error";
  if (retried === "no") return [{ order: "once", attempt: undefined, level }];
  if (retried === "again") return [{ order: "once", attempt: 1, level: "error" }];
  return [
    { order: "once", attempt: 1, level: "warning" },
    { order: "twice", attempt: 1, level: "warning" },
    { order: "twice", attempt: 2, level: "error" },
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

/** Of the last time that each process told of the metric. */
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
