import { performance } from "node:perf_hooks";
import { inspect } from "node:util";
import { type Budget, checkBudget } from "./observation/budgets.ts";
import { failure, prepareFailure } from "./observation/failure.ts";
import { match, type Pattern, type SeenKind } from "./observation/matching.ts";
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
export function assertSpan(seen: Seen, pattern: Pattern): void {
  assertMatch(seen, "spans", pattern, assertSpan);
}

/** Fails unless a log record matches. */
export function assertLog(seen: Seen, pattern: Pattern): void {
  assertMatch(seen, "logs", pattern, assertLog);
}

/** Fails unless a series has changed that matches. */
export function assertMetric(seen: Seen, pattern: Pattern): void {
  assertMatch(seen, "metrics", pattern, assertMetric);
}

/** Fails unless an event of Sentry matches. */
export function assertEvent(seen: Seen, pattern: Pattern): void {
  assertMatch(seen, "events", pattern, assertEvent);
}

/** Fails unless a query matches. */
export function assertQuery(seen: Seen, pattern: Pattern): void {
  assertMatch(seen, "queries", pattern, assertQuery);
}

/** Fails unless a series of this name has changed. */
export function expectMetric(seen: Seen, name: string, attributes: Pattern = {}): void {
  assertMatch(seen, "metrics", { name, attributes }, expectMetric);
}

/** Fails unless an error with this message was reported. */
export function expectErrorReported(seen: Seen, message: string | RegExp): void {
  const values = seen.events.flatMap((event) => {
    const { exception } = event as { exception?: { values?: readonly { value?: string }[] } };
    return exception?.values?.map(({ value = "" }) => value) ?? [];
  });
  const isFound = values.some((value) =>
    typeof message === "string" ? value.includes(message) : message.test(value),
  );
  if (isFound) return;
  const failed = seen.spans.filter(({ status }) => status === "error").map(({ name }) => name);
  throw failure(
    `no error with ${String(message)} was reported; reported: ${values.join(", ") || "none"}; ` +
      `failed spans: ${failed.join(", ") || "none"}`,
    expectErrorReported,
  );
}

/** Fails unless a log record matches, and has the ids of a span that was seen. */
export function expectLogLine(seen: Seen, body: string | RegExp, attributes: Pattern = {}): void {
  const line = { body: typeof body === "string" ? containing(body) : body, attributes };
  const traces = new Set(seen.spans.map(({ traceId }) => traceId));
  const traceId = described("id of a span that was seen", (id) => traces.has(String(id)));
  const { pass, message } = match(seen, "logs", { ...line, traceId });
  if (pass) return;
  const places = logsWithoutTraceOf(seen)
    .filter((record) => match({ ...seen, logs: [record] }, "logs", line).pass)
    .map(({ place }) => `\nit was logged without ids, at ${place ?? "an unknown place"}`);
  throw failure(message + [...new Set(places)].join(""), expectLogLine);
}

function containing(text: string): unknown {
  return described(`text with "${text}"`, (value) => String(value).includes(text));
}

/** Returns a condition that messages show as `text`. */
function described(text: string, condition: (value: unknown) => boolean): unknown {
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

export type Matcher = (seen: Seen, pattern: Pattern) => MatcherResult;

/** Matchers for `expect.extend`, in vitest and jest. */
export const matchers: Readonly<
  Record<"toHaveSpan" | "toHaveLog" | "toHaveMetric" | "toHaveEvent" | "toHaveQuery", Matcher>
> = {
  toHaveSpan: matcherOf("spans"),
  toHaveLog: matcherOf("logs"),
  toHaveMetric: matcherOf("metrics"),
  toHaveEvent: matcherOf("events"),
  toHaveQuery: matcherOf("queries"),
};

function matcherOf(kind: SeenKind): Matcher {
  return (seen, pattern) => {
    const { pass, message } = match(seen, kind, pattern);
    return { pass, message: () => message };
  };
}

function assertMatch(
  seen: Seen,
  kind: SeenKind,
  pattern: Pattern,
  caller: (...args: never[]) => unknown,
): void {
  const { pass, message } = match(seen, kind, pattern);
  if (!pass) throw failure(message, caller);
}

function connectedPreload(): RecordedPreload {
  if (recorder.preload !== undefined) return recorder.preload;
  throw new Error(
    "telltale/testing: the preload was started before it, is disabled (OTEL_SDK_DISABLED), or could not start; " +
      "use --import telltale/testing in place of --import telltale/register",
  );
}
