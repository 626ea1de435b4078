import { randomUUID } from "node:crypto";
import { startReceiver } from "../../../../src/testing/receiver.ts";
import { Brokers } from "../../queues/brokers.ts";
import { runConversation } from "../../queues/conversation.ts";
import { runJob } from "../../queues/job-run.ts";
import { type BrokerName, jobRows, queueRows } from "../../queues/rows.ts";
import type { RunGroup } from "../run-group.ts";
import { oncePerVersion, titleOf } from "./once.ts";

const jobs: RunGroup = {
  title: "jobs",
  runs: oncePerVersion(jobRows).map((row) => ({
    title: titleOf(row),
    rows: [row],
    isSelected: row.installed === "croner",
    async run(env) {
      const receiver = await startReceiver();
      try {
        const ended = await runJob(row, receiver, env);
        await receiver.settled();
        return { received: receiver, processes: [ended] };
      } finally {
        await receiver.close();
      }
    },
  })),
};

export const queueGroups: readonly RunGroup[] = [
  jobs,
  ...[...new Set(queueRows.map(({ broker }) => broker))].map(queuesOf),
];

function queuesOf(name: BrokerName): RunGroup {
  const rows = oncePerVersion(queueRows, ({ program }) => program);
  return {
    title: `queues (${name})`,
    async startServer(test) {
      const brokers = new Brokers();
      await brokers.start(test, name);
      return { addresses: { ...brokers.urls }, stop: () => brokers.stop() };
    },
    runs: rows
      .filter(({ broker }) => broker === name)
      .map((row) => ({
        title: `${titleOf(row)} (${row.program})`,
        rows: [row],
        isSelected: row.program === "bullmq" && row.installed === "bullmq",
        async run(env, { broker = "", database = "" }) {
          // Each run has a queue of its own. A uuid is no difference of names.
          const queue = `differential-${randomUUID()}`;
          const urls = { broker, database };
          // Its first client creates the schema.
          if (row.program === "bullmq-postgres")
            await (await runConversation(row, `${queue}-0`, urls, false)).receiver.close();
          const { receiver, front, back } = await runConversation(row, queue, urls, true, env);
          await receiver.close();
          return { received: receiver, processes: [front, back] };
        },
      })),
  };
}
