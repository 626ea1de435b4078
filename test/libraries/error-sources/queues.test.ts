import assert from "node:assert/strict";
import type { ReceivedEvent } from "../../../src/testing/received.ts";
import { PrefetchQueue } from "../../integration/prefetch-queue.ts";
import type { ProgramResult } from "../../integration/program.ts";
import { Brokers } from "../queues/brokers.ts";
import { type EventSummary, expectedSummary, summaryOf } from "./event-summary.ts";
import { mechanismOf } from "./places.ts";
import { type MessageCase, messageCasesOf, type QueueRun, runQueueSources } from "./queue-run.ts";
import {
  type QueuePlaceName,
  queuePlaces,
  type QueueSourceRow,
  queueSourceRows,
} from "./queues.ts";

for (const broker of new Set(queueSourceRows.map(({ row }) => row.broker))) {
  describe(`Each error in a message over ${broker} is exactly one event, if it is one, in`, () => {
    const brokers = new Brokers();
    const rows = queueSourceRows.filter(({ row }) => row.broker === broker);
    const runs = new PrefetchQueue<QueueSourceRow, QueueRun>(rows, (row) => {
      const options = { broker: brokers.urls.broker, queue: queueOf(row) };
      return runQueueSources(row, options, expectedCount(row));
    });
    before(async function () {
      await brokers.start(this, broker);
    });
    after(async () => {
      await runs.drain();
      await brokers.stop();
    });
    for (const row of rows) describeRow(row, runs);
  });
}

function describeRow(row: QueueSourceRow, runs: PrefetchQueue<QueueSourceRow, QueueRun>): void {
  describe(row.library, () => {
    let run: QueueRun;
    before(async () => {
      run = await runs.get(row);
    });
    for (const place of Object.keys(row.reporters) as QueuePlaceName[]) {
      it(`${queuePlaces[place]} (${place})`, () => checkPlace(row, place, run));
    }
    it("no other error is an event", () => {
      const ids = new Set(run.cases.map(({ id }) => id));
      const others = run.events.filter(({ tags }) => !ids.has(String(tags?.["case"])));
      assert.deepEqual(others.map(summaryOf), []);
    });
    it("the output is the same as without the preload", () => {
      assert.deepEqual(outputOf(run.ended, row), outputOf(run.bareEnded, row));
    });
  });
}

function queueOf({ library }: QueueSourceRow): string {
  return `fails-${library.replaceAll(/\W+/g, "-").toLowerCase()}`;
}

function checkPlace(row: QueueSourceRow, place: QueuePlaceName, run: QueueRun): void {
  const cases = run.cases.filter((one) => one.place === place);
  const expected = cases.map((one) => [one.value.name, ...expectedOf(row, one)]);
  const actual = cases.map(({ id, value }) => {
    const events = run.events.filter(({ tags }) => tags?.["case"] === id);
    for (const event of events) checkTrace(event, run);
    return [value.name, ...events.map(summaryOf)];
  });
  assert.deepEqual(actual, expected);
}

/** The trace is exported, although it was not sampled, with the span of the message. */
function checkTrace(event: ReceivedEvent, { spans }: QueueRun): void {
  const { trace_id: traceId, span_id: spanId } = event.contexts?.["trace"] ?? {};
  const span = spans.find((one) => one.traceId === traceId && one.spanId === spanId);
  assert.equal(span?.kind, "CONSUMER", JSON.stringify(event.tags));
}

/** An event for each failed attempt. */
function expectedOf(row: QueueSourceRow, { place, value, failures }: MessageCase): EventSummary[] {
  const mechanism = mechanismOf(place, row.reporters[place] ?? "none");
  if (mechanism === undefined) return [];
  const summary = expectedSummary(mechanism, value, `process ${queueOf(row)}`);
  return Array.from({ length: failures }, () => summary);
}

function expectedCount(row: QueueSourceRow): number {
  return messageCasesOf(row).reduce((sum, one) => sum + expectedOf(row, one).length, 0);
}

/**
 * Lines have no common order. Stacks, which libraries print, differ by the frames of wrappers, and
 * warnings by their numbers.
 */
function outputOf({ code, signal, stdout, stderr }: ProgramResult, row: QueueSourceRow): object {
  const printed = linesOf(stdout).filter((line) => /^(attempt|throws|done|gave up) /.test(line));
  const shown = stderr.replaceAll(`${queueOf(row)}-bare`, queueOf(row)).replaceAll(/\d{3,}/g, "N");
  return { code, signal, printed, warned: linesOf(shown).filter((line) => !/^ +at /.test(line)) };
}

function linesOf(text: string): string[] {
  return text.split("\n").toSorted();
}
