import { performance } from "node:perf_hooks";
import { inspect } from "node:util";
import { describeRun, describeUnreported, errorsOf } from "./observation/app-code.ts";
import { type Budget, checkBudget } from "./observation/budgets.ts";
import { failure, prepareFailure } from "./observation/failure.ts";
import { type ItemOf, listOf, match, type Pattern, type SeenKind } from "./observation/matching.ts";
import type { RecordedPreload } from "../development/test-recorder.ts";
import { changedPoints, createSeen, logsWithoutTraceOf, type Seen } from "./observation/seen.ts";
import { startedRecorder } from "./observation/start.ts";

export {
  type Budget,
  type BudgetOptions,
  type DurationBudget,
  maxDuration,
  maxQueries,
  noDuplicateQueries,
  noNPlusOne,
} from "./observation/budgets.ts";
export type { Expected, Pattern } from "./observation/matching.ts";
export type { SeenMatchers } from "./runner-matchers.d.ts";
export {
  type FromProcess,
  type ReceivedTelemetry,
  type ReceiverOptions,
  startReceiver,
  type TelemetryReceiver,
  type WaitOptions,
} from "./telemetry-receiver.ts";
export type { Seen, SeenQuery } from "./observation/seen.ts";
export type {
  RecordedAttributes,
  RecordedEvent,
  RecordedLog,
  RecordedPoint,
  RecordedSpan,
} from "../development/test-recorder.ts";

/*
 * The entry `telltale/testing`: what ran inside a function of a test. It starts the preload,
 * which then exports nothing and listens on no port.
 */

const recorder = startedRecorder();

/** The budget of all observed functions without one of their own. A setup file of a runner sets it. */
let defaultBudget: Budget | undefined;

export interface ObserveOptions {
  /** How long work may run that the function has started, in milliseconds. Default: 5000. */
  readonly timeoutMs?: number;
  /** Also waits until this is true, for work that starts later, such as after a timer. */
  readonly until?: (seen: Pick<Seen, "spans" | "logs" | "events">) => boolean;
  /** Limits of queries; false: none, whatever `setBudget` has set. */
  readonly budget?: Budget | false;
}

/**
 * Runs `work` and returns what it and the work that it started have recorded: requests to servers
 * of the same process, queries, jobs, log records, errors.
 *
 * @throws what `work` throws; if work does not end in time; if a budget is exceeded.
 */
export async function observe<Result>(
  work: () => Result | PromiseLike<Result>,
  { timeoutMs = 5000, until = () => true, budget = defaultBudget }: ObserveOptions = {},
): Promise<Seen<Awaited<Result>>> {
  const failed = prepareFailure(observe);
  const preload = connectedPreload();
  const before = preload.collect();
  const start = performance.now();
  const { result: running, end } = preload.runInTrace((root) => {
    const observation = recorder.open(root);
    return { observation, promise: (async () => work())() };
  });
  const { observation, promise } = running;
  try {
    const result = await promise;
    const durationMs = performance.now() - start;
    const open = await observation.settled(timeoutMs, () => until(observation));
    if (open !== undefined) throw failed(describeOpen(open, timeoutMs));
    await preload.flushEvents(timeoutMs);
    const metrics = changedPoints(before, preload.collect());
    const seen = createSeen(observation, { result, metrics, durationMs });
    if (budget !== undefined && budget !== false) checkBudget(seen, budget);
    return seen;
  } finally {
    end();
    recorder.close(observation);
  }
}

function describeOpen(open: readonly string[], timeoutMs: number): string {
  const what = open.length === 0 ? "`until` is still false" : `spans are open: ${open.join(", ")}`;
  return `not all work ended within ${timeoutMs} ms (timeoutMs): ${what}`;
}

/**
 * Sets the budget of all functions that are observed from now on: of a run in the runner's setup,
 * of a file at its top. Null removes it.
 */
export function setBudget(budget: Budget | null): void {
  defaultBudget = budget ?? undefined;
}

/** Fails unless a span matches. */
export function assertSpan(seen: Pick<Seen, "spans">, pattern: Pattern<ItemOf<"spans">>): void {
  assertMatch(seen, "spans", pattern, assertSpan);
}

/** Fails unless a log record matches. */
export function assertLog(seen: Pick<Seen, "logs">, pattern: Pattern<ItemOf<"logs">>): void {
  assertMatch(seen, "logs", pattern, assertLog);
}

/** Fails unless a series has changed that matches. */
export function assertMetric(
  seen: Pick<Seen, "metrics">,
  pattern: Pattern<ItemOf<"metrics">>,
): void {
  assertMatch(seen, "metrics", pattern, assertMetric);
}

/** Fails unless an event of Sentry matches. */
export function assertEvent(seen: Pick<Seen, "events">, pattern: Pattern<ItemOf<"events">>): void {
  assertMatch(seen, "events", pattern, assertEvent);
}

/** Fails unless a query matches. */
export function assertQuery(
  seen: Pick<Seen, "queries">,
  pattern: Pattern<ItemOf<"queries">>,
): void {
  assertMatch(seen, "queries", pattern, assertQuery);
}

/** Fails unless a series of this name has changed. */
export function expectMetric(
  seen: Pick<Seen, "metrics">,
  name: string,
  attributes: Pattern = {},
): void {
  assertMatch(seen, "metrics", { name, attributes }, expectMetric);
}

/** Fails unless an error with this message was reported. */
export function expectErrorReported(
  seen: Pick<Seen, "events" | "logs" | "spans">,
  message: string | RegExp,
): void {
  const isMeant = (text: string): boolean =>
    typeof message === "string" ? text.includes(message) : message.test(text);
  const errors = seen.events.flatMap((event) => errorsOf(event));
  if (errors.some((error) => isMeant(error.message))) return;
  const reported = errors.map(
    (error) => `${error.message} at ${error.place ?? "an unknown place"}`,
  );
  const failed = seen.spans.filter(({ status }) => status === "error").map(({ name }) => name);
  throw failure(
    `no error with ${String(message)} was reported; reported: ${listOf(reported) || "none"}; ` +
      `failed spans: ${listOf(failed) || "none"}` +
      (describeUnreported(seen, isMeant) || describeRun(seen)),
    expectErrorReported,
  );
}

/** Fails unless a log record matches, and has the ids of a span that was seen. */
export function expectLogLine(
  seen: Pick<Seen, "logs" | "spans">,
  body: string | RegExp,
  attributes: Pattern = {},
): void {
  const line = { body: typeof body === "string" ? containing(body) : body, attributes };
  const traces = new Set(seen.spans.map(({ traceId }) => traceId));
  const traceId = described("id of a span that was seen", (id) => traces.has(String(id)));
  const { item, message } = match(seen, "logs", { ...line, traceId });
  if (item !== undefined) return;
  const places = logsWithoutTraceOf(seen)
    .filter((record) => match({ logs: [record] }, "logs", line).item)
    .map(({ place }) => `\nit was logged without ids, at ${place ?? "an unknown place"}`);
  throw failure(message + [...new Set(places)].join(""), expectLogLine);
}

function containing(text: string): Condition {
  return described(`text with "${text}"`, (value) => String(value).includes(text));
}

type Condition = (value: unknown) => boolean;

/** Returns a condition that messages show as `text`. */
function described(text: string, condition: Condition): Condition {
  return Object.assign(condition, { [inspect.custom]: () => text });
}

/** Fails unless a page of health responds with 200. */
export async function expectHealthy(url: string | URL): Promise<void> {
  const failed = prepareFailure(expectHealthy);
  const response = await fetch(url);
  const text = await response.text();
  if (response.status === 200) return;
  throw failed(`${String(url)} responded with ${response.status}: ${text}`);
}

/** What a matcher of vitest and jest returns. */
export interface MatcherResult {
  readonly pass: boolean;
  message(): string;
}

export type Matcher<Kind extends SeenKind> = (
  seen: Pick<Seen, Kind>,
  pattern: Pattern<ItemOf<Kind>>,
) => MatcherResult;

/** Matchers for `expect.extend`, in vitest and jest. */
export const matchers: {
  readonly toHaveSpan: Matcher<"spans">;
  readonly toHaveLog: Matcher<"logs">;
  readonly toHaveMetric: Matcher<"metrics">;
  readonly toHaveEvent: Matcher<"events">;
  readonly toHaveQuery: Matcher<"queries">;
} = {
  toHaveSpan: matcherOf("spans"),
  toHaveLog: matcherOf("logs"),
  toHaveMetric: matcherOf("metrics"),
  toHaveEvent: matcherOf("events"),
  toHaveQuery: matcherOf("queries"),
};

function matcherOf<Kind extends SeenKind>(kind: Kind): Matcher<Kind> {
  return (seen, pattern) => {
    const { item, message } = match<Kind>(seen, kind, pattern);
    return { pass: item !== undefined, message: () => message };
  };
}

function assertMatch<Kind extends SeenKind>(
  seen: Pick<Seen, Kind>,
  kind: Kind,
  pattern: Pattern<ItemOf<Kind>>,
  caller: (...args: never[]) => unknown,
): void {
  const { item, message } = match<Kind>(seen, kind, pattern);
  if (item !== undefined) return;
  throw failure(kind === "metrics" ? message + describeRun(seen) : message, caller);
}

function connectedPreload(): RecordedPreload {
  if (recorder.preload !== undefined) return recorder.preload;
  throw new Error(
    "telltale/testing: the preload was started before it, is disabled (OTEL_SDK_DISABLED), or could not start; " +
      "use --import telltale/testing in place of --import telltale/register",
  );
}
