import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { eventText } from "../../errors/events.ts";
import { Brokers } from "./brokers.ts";
import { orders, ProcessPair, urlOf } from "./conversation.ts";
import { type QueueRow, queueRows } from "./rows.ts";

/** One row of each program and library, on the newest Node. */
const rows = [
  ...new Map(
    queueRows
      .filter(({ node }) => node === "26")
      .map((row) => [`${row.program} of ${row.library}`, row] as const),
  ),
];

const errors = ["late immediate", "late promise", "late timer"];

for (const broker of new Set(rows.map(([, row]) => row.broker))) {
  describe(`Errors after a message over ${broker}, whose sender did not sample it`, () => {
    const brokers = new Brokers();
    before(async function () {
      await brokers.start(this, broker);
    });
    after(() => brokers.stop());

    for (const [title, row] of rows) {
      if (row.broker !== broker) continue;
      it(`are events whose spans are at the back end: ${title}`, async () => {
        const receiver = await startReceiver();
        try {
          await sendOrder(row, brokers, receiver);
          checkEvents(receiver, row);
        } finally {
          await receiver.close();
        }
      });
    }
  });
}

/** Sends one order through both processes, which sample nothing, and ends them after its late errors. */
async function sendOrder(row: QueueRow, brokers: Brokers, receiver: Receiver): Promise<void> {
  const queue = `late-${row.program}-${row.installed.replaceAll(/\W/g, "")}`;
  const env = {
    OTEL_METRICS_EXPORTER: "none",
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0",
  };
  const pair = new ProcessPair(row, queue, brokers.urls, receiver, env);
  const back = pair.start("back");
  await back.waitForStdout((stdout) => /ready/.exec(stdout));
  const front = pair.start("front");
  const url = await urlOf(front);
  // The first message of a `for await` loop loses its context with the second one.
  for (const order of [orders.fine, "id=order-late&late"]) {
    await (await fetch(`${url}/?${order}`)).text();
  }
  await back.waitForStdout((stdout) => /failed late/.exec(stdout));
  for (const program of [front, back]) program.kill("SIGTERM");
  await Promise.all([front.ended, back.ended]);
  await receiver.settled();
}

function checkEvents({ events, spans }: Receiver, { isBatch }: QueueRow): void {
  assert.deepEqual(events.map((event) => eventText(event) ?? "").toSorted(), errors);
  for (const { contexts } of events) {
    const { trace_id: traceId, span_id: spanId } = contexts?.["trace"] ?? {};
    const found = spans.filter((span) => span.spanId === spanId && span.traceId === traceId);
    assert.equal(found.length, 1, String(spanId));
    const [{ kind, attributes } = assert.fail()] = found;
    assert.equal(kind, "CONSUMER");
    assert.equal(attributes["telltale.sampling.reason"], "error_captured");
    // A batch starts a trace of its own.
    assert.equal(
      attributes["telltale.sampling.parent_sampled"],
      isBatch === true ? undefined : false,
    );
  }
  // No other trace is exported for it.
  assert.deepEqual(
    new Set(spans.map(({ resource }) => resource.attributes["service.name"])),
    new Set(["back"]),
  );
}
