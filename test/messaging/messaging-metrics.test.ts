import assert from "node:assert/strict";
import { mock } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { Backlog, ConsumerLag } from "../../src/context/messaging.ts";
import { metricNamesOf, numbersOf } from "../metrics/metrics-fixture.ts";
import { createMessagingFixture } from "./messaging-fixture.ts";

function valuesOf(collected: ResourceMetrics, name: string): [series: string, number][] {
  return numbersOf(collected, name).map(({ attributes, value }) => {
    const { "messaging.destination.name": destination, "telltale.queue.state": state } =
      attributes as Readonly<Record<string, string | undefined>>;
    return [[destination, state].filter(Boolean).join(" "), value];
  });
}

const emails: Backlog = {
  system: "bullmq",
  destination: "emails",
  sizes: { waiting: 3, failed: 1 },
  oldestSeconds: 12,
};

describe("Backlog metrics", () => {
  const rows: readonly [
    title: string,
    backlogs: readonly Backlog[],
    sizes: readonly (readonly [string, number])[],
    ages: readonly (readonly [string, number])[],
  ][] = [
    [
      "show the size by state and the age of the oldest job",
      [emails],
      [
        ["emails waiting", 3],
        ["emails failed", 1],
      ],
      [["emails", 12]],
    ],
    [
      "add up the queues whose generated names share a label",
      [
        { ...emails, destination: "reply-3f2b8c1e-9d4a-4e7b-8a6f-0c5d1e2f3a4b" },
        {
          ...emails,
          destination: "reply-3f2b8c1e-9d4a-4e7b-8a6f-0c5d1e2f3a4c",
          sizes: { waiting: 1 },
          oldestSeconds: 20,
        },
      ],
      [
        ["reply-* waiting", 4],
        ["reply-* failed", 1],
      ],
      [["reply-*", 20]],
    ],
  ];
  for (const [title, backlogs, sizes, ages] of rows) {
    it(title, async () => {
      const { metrics, collect } = createMessagingFixture();
      metrics.observeBacklog(() => Promise.resolve(backlogs));
      const collected = await collect();
      assert.deepEqual(valuesOf(collected, "telltale.queue.size"), sizes);
      assert.deepEqual(valuesOf(collected, "telltale.queue.oldest.age"), ages);
    });
  }

  it("have no age where none is known", async () => {
    const { metrics, collect } = createMessagingFixture();
    metrics.observeBacklog(() => Promise.resolve([{ ...emails, oldestSeconds: undefined }]));
    assert.ok(!metricNamesOf(await collect()).includes("telltale.queue.oldest.age"));
  });

  it("show the other queues when one can't be counted", async () => {
    const { metrics, collect } = createMessagingFixture();
    metrics.observeBacklog(() => Promise.reject(new Error("down")));
    metrics.observeBacklog(() => Promise.resolve([emails]));
    assert.equal(valuesOf(await collect(), "telltale.queue.size").length, 2);
  });

  it("are collected without a broker that never responds", async () => {
    const { metrics, collect } = createMessagingFixture();
    metrics.observeBacklog(() => new Promise(() => {}));
    metrics.observeBacklog(() => Promise.resolve([emails]));
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const collecting = collect();
      await nextTurn();
      mock.timers.tick(2_000);
      assert.equal(valuesOf(await collecting, "telltale.queue.size").length, 2);
    } finally {
      mock.timers.reset();
    }
  });
});

describe("The lag of consumer groups", () => {
  it("is shown by partition, under a topic of low cardinality", async () => {
    const { metrics, collect } = createMessagingFixture();
    const lag: ConsumerLag = {
      system: "kafka",
      destination: "orders.20261129",
      group: "billing",
      partition: 2,
      messages: 40,
    };
    metrics.observeLag(() => [lag]);
    metrics.observeLag(() => [{ ...lag, partition: 3, messages: 0 }]);
    assert.deepEqual(
      numbersOf(await collect(), "kafka.consumer_group.lag").map(({ attributes, value }) => [
        attributes["messaging.destination.name"],
        attributes["messaging.consumer.group.name"],
        attributes["messaging.destination.partition.id"],
        value,
      ]),
      [
        ["orders.*", "billing", "2", 40],
        ["orders.*", "billing", "3", 0],
      ],
    );
  });
});
