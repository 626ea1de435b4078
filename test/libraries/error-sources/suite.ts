import assert from "node:assert/strict";
import type { ReceivedEvent } from "../../../src/testing/received.ts";
import { eventProblems } from "../../errors/event-schema/problems.ts";
import { PrefetchQueue } from "../../integration/prefetch-queue.ts";
import { type EventSummary, expectedSummary, summaryOf } from "./event-summary.ts";
import { mechanismOf, type PlaceName, places } from "./places.ts";
import type { ErrorSourceRow } from "./row.ts";
import {
  casesOf,
  type ErrorCase,
  type ErrorSourceRun,
  type Outcomes,
  runErrorSources,
} from "./run.ts";
import { falsyValues } from "./values.ts";

/** Describes tests that each error of the apps of `rows` is exactly one event, or none. */
export function describeErrorSources(rows: readonly ErrorSourceRow[]): void {
  const runs = new PrefetchQueue<ErrorSourceRow, ErrorSourceRun>(rows, (row) =>
    runErrorSources(row, (outcomes) => expectedCount(row, outcomes)),
  );
  after(() => runs.drain());
  for (const row of rows) {
    describe(row.framework, () => {
      let run: ErrorSourceRun;
      before(async () => {
        run = await runs.get(row);
      });
      for (const place of Object.keys(row.reporters) as PlaceName[]) {
        it(`${places[place]} (${place})`, () => checkPlace(row, place, run));
      }
      it("no other error is an event", () => {
        const ids = new Set(run.cases.map(({ id }) => id));
        const others = run.events.filter(({ tags }) => !ids.has(String(tags?.["request_id"])));
        assert.deepEqual(others.map(summaryOf), []);
      });
      it("all events are valid by Sentry's documentation", () => {
        assert.deepEqual(run.events.flatMap(eventProblems), []);
      });
      it("all responses are the same as without the preload", () => {
        assert.deepEqual(run.outcomes, run.bareOutcomes);
      });
    });
  }
}

function checkPlace(row: ErrorSourceRow, place: PlaceName, run: ErrorSourceRun): void {
  const cases = run.cases.filter((one) => one.place === place);
  const expected = cases.map((one) => [one.value.name, ...expectedOf(row, one, run.outcomes)]);
  const actual = cases.map(({ id, value }) => {
    const events = run.events.filter(({ tags }) => tags?.["request_id"] === id);
    const isMessage = row.isMessage?.(place) ?? false;
    for (const event of events) checkTrace(event, run, isMessage);
    return [value.name, ...events.map(summaryOf)];
  });
  assert.deepEqual(actual, expected);
  const isReported = row.reporters[place] !== "none";
  assert.equal(expected[0]?.length, isReported ? 2 : 1);
}

/** The trace is exported, although it was not sampled, with the span of the request or of the message. */
function checkTrace(event: ReceivedEvent, { spans }: ErrorSourceRun, isMessage: boolean): void {
  const { trace_id: traceId, span_id: spanId } = event.contexts?.["trace"] ?? {};
  const span = spans.find((one) => one.traceId === traceId && one.spanId === spanId);
  assert.equal(span?.kind, isMessage ? "CONSUMER" : "SERVER");
  const id = isMessage ? undefined : event.tags?.["request_id"];
  assert.equal(span.attributes["telltale.request.id"], id);
}

/** An error is an event unless the library responds to it with another status than 5xx. */
function expectedOf(row: ErrorSourceRow, one: ErrorCase, outcomes: Outcomes): EventSummary[] {
  const { place, value, id } = one;
  const { isFailure = isServerError } = row;
  const reporter = row.reporterOf?.(one) ?? row.reporters[place] ?? "none";
  const isHandled = place !== "stream" && !isFailure(outcomes.get(id)?.status, one);
  if (reporter === "none" || (reporter === "framework" && isHandled)) return [];
  const isReplaced = falsyValues.has(value.name) && reporter === "framework";
  const reported = (isReplaced && row.replacements?.[place]) || value;
  const transaction = row.transactionOf(place);
  return [expectedSummary(mechanismOf(place, reporter), reported, transaction)];
}

function isServerError(status: number | undefined): boolean {
  return status === undefined || status >= 500;
}

function expectedCount(row: ErrorSourceRow, outcomes: Outcomes): number {
  return casesOf(row).reduce((sum, one) => sum + expectedOf(row, one, outcomes).length, 0);
}
