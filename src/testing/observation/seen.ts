import { type Call, callOfSpan } from "../../queries/call.ts";
import type {
  RecordedEvent,
  RecordedLog,
  RecordedPoint,
  RecordedSpan,
} from "../../development/test-recorder.ts";
import { copyIntoContext } from "./context-copy.ts";
import type { Observation } from "./observation.ts";

/** A call of a database or of a cache. */
export interface SeenQuery {
  readonly text: string;
  /** `db.system.name`. */
  readonly system: string | undefined;
  /** `1=7`; undefined if they are unknown. */
  readonly parameters: readonly string[] | undefined;
  /** `file:line` in the app; undefined if no code of the app is on the stack. */
  readonly place: string | undefined;
  readonly durationMs: number;
  /** Undefined if the client does not report it. */
  readonly rows: number | undefined;
  readonly failed: boolean;
  readonly span: RecordedSpan;
}

/** What ran inside an observed function. */
export interface Seen<Result = unknown> {
  /** What the function has returned, or what its promise has resolved to. */
  readonly result: Result;
  /** In the order in which they ended. */
  readonly spans: readonly RecordedSpan[];
  readonly logs: readonly RecordedLog[];
  /**
   * The series that have changed meanwhile, by how much: counters and histograms by their
   * difference, gauges by their value. Of the whole process: metrics have no trace.
   */
  readonly metrics: readonly RecordedPoint[];
  /** Events as Sentry would receive them. */
  readonly events: readonly RecordedEvent[];
  /** Calls of databases and caches, in the order in which they started. */
  readonly queries: readonly SeenQuery[];
  readonly durationMs: number;
}

const callsBySeen = new WeakMap<object, readonly Call[]>();
const logsWithoutTraceBySeen = new WeakMap<object, readonly RecordedLog[]>();

type Recorded = Pick<Observation, "rootSpanId" | "spans" | "logs" | "logsWithoutTrace" | "events">;

/** Creates what `observe` resolves to. */
export function createSeen<Result>(
  { rootSpanId, ...recorded }: Recorded,
  rest: Pick<Seen<Result>, "result" | "metrics" | "durationMs">,
): Seen<Result> {
  const spans = copyIntoContext(recorded.spans.slice());
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const described = spans.flatMap((span) => {
    const call = callOfSpan(spanLike(span), unitOf(span, byId) ?? rootSpanId);
    return call === undefined || call.source === "http" ? [] : [{ call, span }];
  });
  described.sort((a, b) => a.call.start - b.call.start);
  const queries = described.map(({ call, span }) => queryOf(call, span));
  const seen = {
    ...{ ...rest, spans, queries },
    logs: copyIntoContext(recorded.logs.slice()),
    events: copyIntoContext(recorded.events.slice()),
    metrics: copyIntoContext(rest.metrics),
  };
  callsBySeen.set(
    seen,
    described.map(({ call }) => call),
  );
  logsWithoutTraceBySeen.set(seen, recorded.logsWithoutTrace.slice());
  return seen;
}

/** Returns the records without a trace that were logged meanwhile, by whatever ran in the process. */
export function logsWithoutTraceOf(seen: Pick<Seen, "logs">): readonly RecordedLog[] {
  return logsWithoutTraceBySeen.get(seen) ?? [];
}

/** Returns the calls behind the queries. */
export function callsOf(seen: Pick<Seen, "queries">): readonly Call[] {
  return callsBySeen.get(seen) ?? [];
}

function spanLike(span: RecordedSpan): Parameters<typeof callOfSpan>[0] {
  const { spanId, parentSpanId, name, kind, startMs, durationMs, status, attributes } = span;
  const isClient = kind === "client";
  return {
    ...{ spanId, parentSpanId, name, isClient, durationMs, attributes },
    start: startMs,
    failed: status === "error",
  };
}

/** Returns the id of the request or job in which a span ran. */
function unitOf(span: RecordedSpan, byId: ReadonlyMap<string, RecordedSpan>): string | undefined {
  for (let one: RecordedSpan | undefined = span; one; one = byId.get(one.parentSpanId ?? "")) {
    if (one.kind === "server" || one.kind === "consumer") return one.spanId;
  }
  return undefined;
}

function queryOf(call: Call, span: RecordedSpan): SeenQuery {
  const { text, system, parameters, durationMs, failed, place } = call;
  const rows = span.attributes["db.response.returned_rows"];
  return {
    ...{ text, system, parameters, durationMs, failed, span },
    place: place && `${place.file}:${place.line}`,
    rows: typeof rows === "number" ? rows : undefined,
  };
}

/** Returns the series that have changed, by how much. */
export function changedPoints(
  before: readonly RecordedPoint[],
  after: readonly RecordedPoint[],
): RecordedPoint[] {
  const known = new Map(before.map((point) => [keyOf(point), point]));
  return after.flatMap((point) => {
    const old = known.get(keyOf(point));
    if (old === undefined) return [point];
    if (old.value === point.value && old.count === point.count) return [];
    if (point.kind === "gauge") return [point];
    const count = point.count === undefined ? undefined : point.count - (old.count ?? 0);
    return [{ ...point, value: point.value - old.value, count }];
  });
}

function keyOf({ name, attributes }: RecordedPoint): string {
  return JSON.stringify([
    name,
    Object.keys(attributes)
      .toSorted((a, b) => (a < b ? -1 : 1))
      .map((key) => [key, attributes[key]]),
  ]);
}
