import assert from "node:assert/strict";
import type { ReceivedEvent, ReceivedSpan } from "../../../../src/testing/received.ts";
import type { ProgramResult } from "../../../integration/program.ts";
import type { ConsumerCase, ConsumerRun } from "./run.ts";
import { type EventSummary, expectedSummary, summaryOf } from "../event-summary.ts";
import { isMissedExecution } from "../../queues/missed-executions.ts";
import { mechanismOf, type Reporter } from "../places.ts";

/** A library that calls handlers of messages or jobs, which fail. */
export interface Consumer {
  /** Name and major version, as in the docs. */
  readonly library: string;
  /** Words for each place. */
  readonly places: Readonly<Record<string, string>>;
  readonly reporters: Readonly<Partial<Record<string, Reporter>>>;
  readonly cases: readonly ConsumerCase[];
  readonly transaction: string | undefined;
  /** Kind of the span of an event; undefined if there is no span. */
  readonly spanKind: ReceivedSpan["kind"] | undefined;
}

/** Describes tests that each error in a consumer is exactly one event for each attempt, or none. */
export function describeConsumer(consumer: Consumer, getRun: () => Promise<ConsumerRun>): void {
  const { library, places, reporters, cases } = consumer;
  describe(library, () => {
    let run: ConsumerRun;
    before(async () => {
      run = await getRun();
    });
    for (const place of Object.keys(reporters)) {
      it(`${places[place]} (${place})`, () => checkPlace(consumer, place, run));
    }
    it("no other error is an event", () => {
      const ids = new Set(cases.map(({ id }) => id));
      const others = run.events.filter(({ tags }) => !ids.has(String(tags?.["case"])));
      assert.deepEqual(others.map(summaryOf), []);
    });
    it("the output is the same as without the preload", () => {
      assert.deepEqual(outputOf(run.ended), outputOf(run.bareEnded));
    });
  });
}

function checkPlace(consumer: Consumer, place: string, run: ConsumerRun): void {
  const cases = consumer.cases.filter((one) => one.place === place);
  const expected = cases.map((one) => [one.value.name, ...expectedOf(consumer, one)]);
  const actual = cases.map(({ id, value }) => {
    const events = run.events.filter(({ tags }) => tags?.["case"] === id);
    for (const event of events) checkTrace(event, run, consumer);
    return [value.name, ...events.map(summaryOf)];
  });
  assert.deepEqual(actual, expected);
}

/** The trace is exported, although it was not sampled, with the span of the message or job. */
function checkTrace(event: ReceivedEvent, { spans }: ConsumerRun, { spanKind }: Consumer): void {
  const { trace_id: traceId, span_id: spanId } = event.contexts?.["trace"] ?? {};
  const span = spans.find((one) => one.traceId === traceId && one.spanId === spanId);
  assert.equal(span?.kind, spanKind, JSON.stringify(event.tags));
}

/** An event for each failed attempt. */
function expectedOf({ reporters, transaction }: Consumer, one: ConsumerCase): EventSummary[] {
  const { place, value, failures } = one;
  const mechanism = mechanismOf(place, reporters[place] ?? "none");
  if (mechanism === undefined) return [];
  return Array.from({ length: failures }, () => expectedSummary(mechanism, value, transaction));
}

/** Returns the number of events of all cases. */
export function expectedCount(consumer: Consumer): number {
  return consumer.cases.reduce((sum, one) => sum + expectedOf(consumer, one).length, 0);
}

/**
 * Lines have no common order. Stacks, which libraries print, differ by the frames of wrappers, and
 * warnings by their numbers.
 */
function outputOf({ code, signal, stdout, stderr }: ProgramResult): object {
  const printed = linesOf(stdout).filter((line) => /^(attempt|throws|done|gave up) /.test(line));
  const shown = stderr.replaceAll(/\d{2,}/g, "N").replaceAll("-bare", "");
  const warned = linesOf(shown).filter((line) => !/^ +at /.test(line) && !isMissedExecution(line));
  return { code, signal, printed, warned };
}

function linesOf(text: string): string[] {
  return text.split("\n").toSorted();
}
