import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, telemetryEnv } from "../../integration/program.ts";
import { programOrSkip } from "../../programs.ts";
import { pollUntil } from "../../until.ts";
import { type RabbitMq, startRabbitMq } from "../servers/rabbitmq.ts";

/** Longer than a busy machine takes between two uses of a queue. */
const EXPIRES_MS = 5_000;

const file = fileURLToPath(new URL("apps/expiring.cjs", import.meta.url));

for (const installed of ["amqplib", "amqplib0"]) {
  describe(`The queue depth of RabbitMQ by ${installed}`, function () {
    let rabbitmq: RabbitMq;
    let receiver: Receiver;
    let program: Program;
    let readyAt: bigint;
    before(async function () {
      programOrSkip(this, "rabbitmq-server");
      [rabbitmq, receiver] = await Promise.all([startRabbitMq(), startReceiver()]);
      await rabbitmq.control("set_policy", "brief", "^policed", `{"expires": ${EXPIRES_MS}}`);
      program = new Program({
        file,
        flags: [...preload.import],
        args: [installed, rabbitmq.url, String(EXPIRES_MS)],
        env: {
          ...telemetryEnv(receiver),
          OTEL_METRICS_EXPORTER: "otlp",
          OTEL_METRIC_EXPORT_INTERVAL: "100",
        },
      });
      await program.waitForStdout((stdout) => /ready/.exec(stdout));
      readyAt = BigInt(Date.now()) * 1_000_000n;
    });
    after(async () => {
      program?.kill("SIGKILL");
      await Promise.all([rabbitmq?.stop(), receiver?.close()]);
    });

    it("renews no lease of an expiring queue", async () => {
      let remainingQueues = "";
      await pollUntil(
        async () => {
          const queues = await rabbitmq.control("list_queues", "name", "--no-table-headers");
          remainingQueues = queues.join();
          return remainingQueues === "consumed" || undefined;
        },
        () => `only the consumed queue remains; there are ${remainingQueues}`,
      );
    });

    it("is the number of waiting messages in a consumed queue", async () => {
      const size = await receiver.waitFor(
        () => sizesIn(receiver).find(({ value }) => value === 2),
        "two waiting messages",
      );
      assert.equal(size.attributes["messaging.destination.name"], "consumed");
    });

    it("requests no deleted queue, except while the notification of its deletion is on its way", () => {
      const requested = rabbitmq.log().match(/no queue '[^']*'/g) ?? [];
      assert.deepEqual(
        requested.filter((text) => text !== "no queue 'deleted'"),
        [],
      );
      assert.ok(requested.length <= 1, String(requested));
      // Before, a queue may have been counted while its cancellation was on its way, as in the
      // count that was running at that time.
      const sizes = sizesIn(receiver).filter(({ timeUnixNano }) => BigInt(timeUnixNano) > readyAt);
      const names = sizes
        .filter(({ timeUnixNano }) => timeUnixNano !== sizes[0]?.timeUnixNano)
        .map(destinationOf);
      assert.deepEqual([...new Set(names)], ["consumed"]);
    });

    it("has one series, and spans of one name, for all queues named by the server", async () => {
      const names = await receiver.waitFor(({ metrics }) => {
        const found = metrics.flatMap(({ points }) => points).map(destinationOf);
        return found.includes("(anonymous)") && found;
      }, "anonymous queue's metric");
      assert.deepEqual(
        names.filter((name) => name.includes("amq.gen")),
        [],
      );
      const anonymous = await receiver.waitFor(({ spans }) => {
        const found = spans.filter(isAnonymous);
        return found.length >= 10 && found;
      }, "ten spans");
      assert.deepEqual(
        new Set(anonymous.map(({ name }) => name)),
        new Set(["publish (anonymous)", "process (anonymous)"]),
      );
      for (const span of anonymous) assert.match(destinationOf(span), /amq\.gen-/);
    });
  });
}

function destinationOf({ attributes }: Pick<ReceivedSpan, "attributes">): string {
  const { "messaging.destination.name": name } = attributes;
  return typeof name === "string" ? name : "";
}

function isAnonymous({ attributes }: ReceivedSpan): boolean {
  return attributes["messaging.destination.anonymous"] === true;
}

function sizesIn({ metrics }: Receiver) {
  return metrics
    .filter(({ name }) => name === "telltale.queue.size")
    .flatMap(({ points }) => points);
}
