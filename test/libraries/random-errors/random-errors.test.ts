import assert from "node:assert/strict";
import type { ReceivedEvent, ReceivedSpan } from "../../../src/testing/received.ts";
import { eventProblems } from "../../errors/event-schema/problems.ts";
import { eventText } from "../../errors/events.ts";
import { programOrSkip } from "../../programs.ts";
import { testSeed } from "../../random.ts";
import { type Redis, startRedis } from "../servers/redis.ts";
import type { ExpectedEvent } from "./expected.ts";
import { TAG_PREFIX } from "./plan.ts";
import { runProcesses, type RunResult } from "./run-processes.ts";

const COUNT = 10_000;
const seed = testSeed();

describe(`${COUNT} random requests, messages and jobs with random errors (TEST_SEED=${seed})`, () => {
  let redis: Redis | undefined;
  let run: RunResult;
  let spans: ReadonlyMap<string, ReceivedSpan>;
  /** Received events by the text of their error, where it is expected. */
  let events: ReadonlyMap<string, ReceivedEvent>;
  before(async function () {
    programOrSkip(this, "redis-server");
    redis = await startRedis();
    run = await runProcesses(seed, COUNT, redis.url);
    const { receiver } = run;
    spans = new Map(receiver.spans.map((span) => [span.spanId, span]));
    events = new Map(receiver.events.map((event) => [eventText(event) ?? "", event]));
  });
  after(() => redis?.stop());

  /** Fails with the first of the expected events for which `isWrong` returns a text. */
  const checkEvents = (
    problemOf: (event: ReceivedEvent, expected: ExpectedEvent) => string | undefined,
  ): void => {
    const problems = run.expected.events.flatMap((expected) => {
      const event = events.get(expected.message);
      const problem = event === undefined ? undefined : problemOf(event, expected);
      return problem === undefined ? [] : [`${JSON.stringify(expected)}: ${problem}`];
    });
    fail(problems);
  };

  it("lead to one event for each error", () => {
    // One that is sent again after a lost response has the same id, by which Sentry leaves it out.
    const ids = new Map<string, Set<unknown>>();
    for (const event of run.receiver.events) {
      const text = eventText(event) ?? "";
      ids.set(text, (ids.get(text) ?? new Set()).add(event.event_id));
    }
    const wanted = new Set(run.expected.events.map(({ message }) => message));
    fail([
      ...[...wanted].filter((text) => !ids.has(text)).map((text) => `missing: ${text}`),
      ...[...ids.keys()].filter((text) => !wanted.has(text)).map((text) => `unexpected: ${text}`),
      ...[...ids].filter(([, { size }]) => size > 1).map(([text]) => `doubled: ${text}`),
    ]);
    assert.ok(wanted.size > COUNT / 2, `${wanted.size} errors`);
  });

  it("have the span of each event at the back end, in the same trace", () => {
    checkEvents(({ contexts }) => {
      const { trace_id: traceId, span_id: spanId } = contexts?.["trace"] ?? {};
      const span = spans.get(String(spanId));
      if (span === undefined) return `the span ${String(spanId)} is missing`;
      return span.traceId === traceId ? undefined : "the span is of another trace";
    });
  });

  it("lead to events that are valid by Sentry's documentation", () => {
    fail(run.receiver.events.flatMap(eventProblems));
  });

  it("export no span twice", () => {
    assert.equal(spans.size, run.receiver.spans.length);
  });

  it("have the local root of each of these traces, and the reason if not all are sampled", () => {
    checkEvents((event, { kind }) => {
      const span = spans.get(String(event.contexts?.["trace"]?.["span_id"]));
      const root = span && localRootOf(span, spans);
      if (root === undefined) return "the local root is missing";
      const expectedKind =
        kind === "request" ? "SERVER" : kind === "message" ? "CONSUMER" : "INTERNAL";
      return root.kind === expectedKind ? undefined : `the local root is ${root.name}`;
    });
  });

  it("have the user and the tags of their own unit of work, or the user of the one that sent their message", () => {
    checkEvents(({ user, tags = {} }, expected) => {
      const own = Object.entries(tags).filter(([key]) => key.startsWith(TAG_PREFIX));
      try {
        assert.deepEqual([user?.["id"], Object.fromEntries(own)], [expected.user, expected.tags]);
      } catch {
        return JSON.stringify({ user, tags });
      }
      return undefined;
    });
  });

  it("have the ids of their own unit of work, or of the one that sent their message", () => {
    checkEvents(({ tags, request }, { unit, kind, requestId }) => {
      const ids = [tags?.["request_id"], request?.["url"]];
      const expectedIds = [requestId, kind === "request" ? `/run/${unit}` : undefined];
      return ids.join() === expectedIds.join() ? undefined : ids.join();
    });
  });

  it("export no trace for the sake of an error that it does not have", () => {
    const problems = run.receiver.spans.flatMap(({ attributes }) => {
      const { "telltale.sampling.reason": reason, "url.path": path } = attributes;
      const id = typeof path === "string" ? /^\/run\/(.*)$/.exec(path)?.[1] : undefined;
      if (id === undefined || typeof reason !== "string" || reason === "sampled") return [];
      return run.expected.units.get(id)?.hasError === true ? [] : [`${id}: ${reason}`];
    });
    fail(problems);
  });

  it("leave the counters of all processes balanced, with no loss", () => {
    for (const { role, counts } of run.processes) {
      for (const [signal, { created, sent, dropped, queued, reasons = {} }] of Object.entries(
        counts,
      )) {
        assert.equal(created, sent + dropped + queued, `${signal} of ${role}`);
        const { unsampled: _unsampled, ...losses } = reasons;
        assert.deepEqual(losses, {}, `${signal} of ${role}`);
      }
    }
  });
});

/** Returns the root of the span's local trace: that of a request, message or job. */
function localRootOf(
  span: ReceivedSpan,
  spans: ReadonlyMap<string, ReceivedSpan>,
): ReceivedSpan | undefined {
  let root: ReceivedSpan | undefined = span;
  while (root !== undefined && !isLocalRoot(root)) root = spans.get(root.parentSpanId);
  return root;
}

function isLocalRoot({ kind, parentSpanId }: ReceivedSpan): boolean {
  return kind === "SERVER" || kind === "CONSUMER" || parentSpanId === "";
}

/** Fails with the first problems, and the seed that repeats them. */
function fail(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const first = problems.slice(0, 5).join("\n");
  assert.fail(`${problems.length} problems with TEST_SEED=${seed}:\n${first}`);
}
