import assert from "node:assert/strict";
import type { ReceivedPoint } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { Program } from "../../integration/program.ts";
import { Brokers } from "./brokers.ts";
import { ProcessPair, urlOf } from "./conversation.ts";
import { type QueueRow, queueRows } from "./rows.ts";

/** Queues that can be counted without a consumer; for RabbitMQ see `queue-depth.test.ts`. */
const programs = ["bullmq", "bullmq-postgres"];

const QUEUE = "backlog";
for (const program of programs) {
  describe(`The backlog of ${program}`, function () {
    const row = rowOf(program);
    const brokers = new Brokers();
    let receiver: Receiver;
    let front: Program;
    before(async function () {
      await brokers.start(this, row.broker);
      receiver = await startReceiver();
      front = pairOf(row, brokers, receiver, 3000).start("front");
      const url = await urlOf(front);
      for (const id of ["one", "two", "three"]) await fetch(`${url}/?id=${id}`);
    });
    after(async () => {
      front?.kill("SIGKILL");
      await Promise.all([receiver?.close(), brokers.stop()]);
    });

    it("is counted by the sender for a queue without a worker", async () => {
      const waiting = await receiver.waitFor(
        () => sizesOf(receiver).find(({ value }) => value === 3),
        "three waiting jobs",
      );
      assert.deepEqual(waiting.attributes, {
        "messaging.system": row.system,
        "messaging.destination.name": QUEUE,
        "telltale.queue.state": "waiting",
      });
    });

    if (row.system === "bullmq") {
      it("has each state, and the age of the oldest waiting job", async () => {
        const age = await receiver.waitFor(
          () => pointsOf(receiver, "telltale.queue.oldest.age").find(({ value }) => value !== 0),
          "an age",
        );
        assert.ok((age.value ?? 0) > 0 && (age.value ?? 0) < 60, `${age.value} s`);
        const states = new Set(
          sizesOf(receiver).map(({ attributes }) => attributes["telltale.queue.state"]),
        );
        assert.deepEqual(states, new Set(["waiting", "active", "delayed", "failed"]));
      });
    }

    it("holds no process open, and is not counted once the queue is closed", async () => {
      front.kill("SIGTERM");
      const { code, stderr } = await front.ended;
      assert.deepEqual([code, stderr], [0, ""]);
    });
  });
}

describe("The lag of kafkajs", function () {
  const row = rowOf("kafkajs");
  const brokers = new Brokers();
  let receiver: Receiver;
  const running: Program[] = [];
  before(async function () {
    await brokers.start(this, row.broker);
    receiver = await startReceiver();
  });
  after(async () => {
    for (const program of running) program.kill("SIGKILL");
    await Promise.all([receiver?.close(), brokers.stop()]);
  });

  it("is the number of messages that the group has not processed, by partition", async () => {
    const pair = pairOf(row, brokers, receiver, 200);
    const back = pair.start("back");
    running.push(back);
    await back.waitForStdout((stdout) => /ready/.exec(stdout));
    const front = pair.start("front");
    running.push(front);
    const url = await urlOf(front);
    await fetch(`${url}/?id=stubborn&failures=5`);
    const behind = await receiver.waitFor(
      () => lagOf(receiver).find(({ value }) => value === 1),
      "a lag",
    );
    assert.deepEqual(behind.attributes, {
      "messaging.system": "kafka",
      "messaging.destination.name": QUEUE,
      "messaging.consumer.group.name": QUEUE,
      "messaging.destination.partition.id": "0",
    });
    await back.waitForStdout((stdout) => /done stubborn/.exec(stdout));
    await receiver.waitFor(() => lagOf(receiver).at(-1)?.value === 0, "no lag");
  });
});

function rowOf(program: string): QueueRow {
  const row = queueRows.find((row) => row.program === program);
  assert.ok(row, program);
  return row;
}

/** @param intervalMs the export interval; a backlog may take two seconds to be counted */
function pairOf(
  row: QueueRow,
  brokers: Brokers,
  receiver: Receiver,
  intervalMs: number,
): ProcessPair {
  const env = { OTEL_METRIC_EXPORT_INTERVAL: String(intervalMs) };
  return new ProcessPair(row, QUEUE, brokers.urls, receiver, env);
}

function lagOf(receiver: Receiver): ReceivedPoint[] {
  return pointsOf(receiver, "kafka.consumer_group.lag");
}

function sizesOf(receiver: Receiver): ReceivedPoint[] {
  return pointsOf(receiver, "telltale.queue.size");
}

function pointsOf({ metrics }: Receiver, name: string): ReceivedPoint[] {
  return metrics.filter((metric) => metric.name === name).flatMap(({ points }) => points);
}
