import { PrefetchQueue } from "../../../integration/prefetch-queue.ts";
import { Brokers } from "../../queues/brokers.ts";
import type { ConsumerRun } from "./run.ts";
import { describeConsumer } from "./suite.ts";
import { queueConsumerOf, runQueueSources } from "./queue-run.ts";
import { type QueueSourceRow, queueSourceRows } from "./queues.ts";

for (const broker of new Set(queueSourceRows.map(({ row }) => row.broker))) {
  describe(`Each error in a message over ${broker} is exactly one event, if it is one, in`, () => {
    const brokers = new Brokers();
    const rows = queueSourceRows.filter(({ row }) => row.broker === broker);
    const runs = new PrefetchQueue<QueueSourceRow, ConsumerRun>(rows, (row) =>
      runQueueSources(row, brokers.urls.broker),
    );
    before(async function () {
      await brokers.start(this, broker);
    });
    after(async () => {
      await runs.drain();
      await brokers.stop();
    });
    for (const row of rows) describeConsumer(queueConsumerOf(row), () => runs.get(row));
  });
}
