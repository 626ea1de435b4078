import { type EventEmitter, errorMonitor } from "node:events";
import {
  type Attributes,
  type HrTime,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from "@opentelemetry/api";
import { hrTime } from "@opentelemetry/core";
import { PgInstrumentation } from "@opentelemetry/instrumentation-pg";
import type { Adaptor } from "./adaptor.ts";
import { type Pool, Pools, withoutCounters } from "./pg-pools.ts";
import { QuerySpan, QueryTracer } from "./query-span.ts";
import { upstreamAdaptor } from "./upstream.ts";

/**
 * `pg` and `pg-pool` by upstream's instrumentation. Mended around it: the text
 * of a statement and its first word would leave as they are, literals and all;
 * a promise's failure has no `error.type`; the spans of cursors and streams
 * never end; the metrics of pools are mixed up (`pg-pools.ts`). There is no
 * span for taking a connection out of its pool, which every statement does:
 * that a pool is exhausted, its metrics say.
 */
export const adaptor: Adaptor = upstreamAdaptor((options) => {
  const outcomes = new Outcomes();
  const note = (span: Span): void => outcomes.note(span);
  const instrumentation = new PgInstrumentation({
    ...options,
    ignoreConnectSpans: true,
    requestHook: (span, { query }) => describe(span, query.text, query.values),
    responseHook: note,
  });
  const internals = instrumentation as unknown as Internals;
  completeDurations(internals, outcomes);
  watchSubmittables(internals, outcomes);
  return {
    setTracerProvider(provider) {
      instrumentation.setTracerProvider({
        getTracer: (...of) => new QueryTracer(provider.getTracer(...of), "pg.query", note),
      });
    },
    setMeterProvider(provider) {
      const { instrumentationName, instrumentationVersion } = instrumentation;
      const pools = new Pools(provider.getMeter(instrumentationName, instrumentationVersion));
      internals._setPoolConnectEventListeners = (pool) => pools.watch(pool);
      instrumentation.setMeterProvider({
        getMeter: (...of) => withoutCounters(provider.getMeter(...of)),
      });
    },
  };
});

/** Private in upstream's types; the tests notice when they are gone. */
interface Internals {
  readonly tracer: Tracer;
  _getClientQueryPatch(): (original: Query) => Query;
  recordOperationDuration(attributes: Attributes, start: HrTime): void;
  _setPoolConnectEventListeners(pool: Pool): void;
}

type Query = (this: ClientLike, ...args: unknown[]) => unknown;

interface ClientLike {
  readonly database?: string;
  readonly connectionParameters?: { readonly host?: string; readonly port?: number };
}

function describe(span: Span, text: string, values: unknown): void {
  if (!(span instanceof QuerySpan)) return;
  span.describe(text, Array.isArray(values) && values.length > 0);
}

/** Whose outcome is just being noted: upstream notes it on the span and at once in the metric. */
class Outcomes {
  last: QuerySpan | undefined = undefined;

  note(span: Span): void {
    if (span instanceof QuerySpan) this.last = span;
  }
}

/** The metric gets from the span what upstream doesn't know, or knows too much of. */
function completeDurations(internals: Internals, outcomes: Outcomes): void {
  const record = internals.recordOperationDuration.bind(internals);
  internals.recordOperationDuration = ({ ...attributes }, start) => {
    const { operation, failure } = outcomes.last ?? {};
    delete attributes["db.operation.name"];
    if (operation !== undefined) attributes["db.operation.name"] = operation;
    if (failure !== undefined) attributes["error.type"] = failure;
    outcomes.last = undefined;
    record(attributes, start);
  };
}

/**
 * What brings its own `submit` (a cursor, a stream, `new Query()`) says by
 * events when it is over; upstream waits for a callback or a promise.
 */
interface Submittable extends EventEmitter {
  submit(connection: unknown): unknown;
  readonly text?: unknown;
  readonly values?: unknown;
}

function watchSubmittables(internals: Internals, outcomes: Outcomes): void {
  const patch = internals._getClientQueryPatch.bind(internals);
  internals._getClientQueryPatch = () => {
    const wrap = patch();
    return (original) => {
      const traced = wrap(original);
      return function query(...args) {
        const [first] = args;
        if (!isSubmittable(first) || hasCallback(first, args)) {
          return Reflect.apply(traced, this, args);
        }
        watch(internals, outcomes, this, first);
        return Reflect.apply(original, this, args);
      };
    };
  };
}

function isSubmittable(value: unknown): value is Submittable {
  if (typeof value !== "object" || value === null) return false;
  const { submit, once } = value as Partial<Submittable>;
  return typeof submit === "function" && typeof once === "function";
}

function hasCallback(submittable: Submittable, args: readonly unknown[]): boolean {
  const { callback } = submittable as { readonly callback?: unknown };
  return typeof callback === "function" || typeof args.at(-1) === "function";
}

function watch(
  internals: Internals,
  outcomes: Outcomes,
  client: ClientLike,
  submittable: Submittable,
): void {
  const start = hrTime();
  const attributes = attributesOf(client);
  const span = internals.tracer.startSpan("pg.query", { kind: SpanKind.CLIENT, attributes });
  if (typeof submittable.text === "string") {
    describe(span, submittable.text, submittable.values);
  }
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    outcomes.note(span);
    internals.recordOperationDuration(attributes, start);
    span.end();
  };
  // Not "error": a listener for that would take an uncaught error from the app.
  submittable.once(errorMonitor, (error: Error & { readonly code?: unknown }) => {
    if (span instanceof QuerySpan && typeof error.code === "string") span.fail(error.code);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    end();
  });
  submittable.once("end", end);
  submittable.once("close", end);
}

/** The same attributes as upstream's. */
function attributesOf({ database, connectionParameters }: ClientLike): Attributes {
  const attributes: Attributes = { "db.system.name": "postgresql" };
  const { host, port } = connectionParameters ?? {};
  if (database !== undefined) attributes["db.namespace"] = database;
  if (host !== undefined) attributes["server.address"] = host;
  if (port !== undefined) attributes["server.port"] = port;
  return attributes;
}
