import {
  type Attributes,
  context as contexts,
  type HrTime,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { hrTime } from "@opentelemetry/core";
import { PgInstrumentation } from "@opentelemetry/instrumentation-pg";
import type { Adaptor } from "../../loading/adaptor.ts";
import { bindFunctions, bindEvents, bindToCaller } from "../../loading/caller-context.ts";
import { type PgPool, PgPools, withoutCounters } from "./pools.ts";
import {
  isSubmittable,
  statementOf,
  type Submittable,
  type SubmittableListener,
  watchSubmittable,
} from "./submittables.ts";
import { QuerySpan, QueryTracer } from "./query-span.ts";
import { upstreamAdaptor } from "../../upstream/upstream-adaptor.ts";

/**
 * `pg` and `pg-pool` by upstream's instrumentation. Mended around it: the text
 * of a statement and its first word would leave as they are, literals and all;
 * a promise's failure has no `error.type`; the spans of cursors and streams
 * never end; the metrics of pools are mixed up (`pg-pools.ts`). There is no
 * span for taking a connection out of its pool, which every statement does:
 * that a pool is exhausted, its metrics say.
 */
export const adaptor: Adaptor = upstreamAdaptor((options) => {
  const currentQuery = new CurrentQuery();
  const record = (span: Span): void => currentQuery.record(span);
  const instrumentation = new PgInstrumentation({
    ...options,
    ignoreConnectSpans: true,
    requestHook: (span, { query }) => describeSpan(span, query.text, query.values),
    responseHook: record,
  });
  const internals = instrumentation as unknown as Internals;
  completeDurations(internals, currentQuery);
  watchSubmittables(internals, currentQuery);
  bindConnects(internals);
  const setTracerProvider = instrumentation.setTracerProvider.bind(instrumentation);
  instrumentation.setTracerProvider = (provider) =>
    setTracerProvider({
      getTracer: (...of) => new QueryTracer(provider.getTracer(...of), "pg.query", record),
    });
  const setMeterProvider = instrumentation.setMeterProvider.bind(instrumentation);
  instrumentation.setMeterProvider = (provider) => {
    const { instrumentationName, instrumentationVersion } = instrumentation;
    const pools = new PgPools(provider.getMeter(instrumentationName, instrumentationVersion));
    internals._setPoolConnectEventListeners = (pool) => pools.watch(pool);
    setMeterProvider({ getMeter: (...of) => withoutCounters(provider.getMeter(...of)) });
  };
  return instrumentation;
});

/** Private in upstream's types; the tests notice when they are gone. */
interface Internals {
  readonly tracer: Tracer;
  _getClientQueryPatch(): (original: Query) => Query;
  getConfig(): { readonly requireParentSpan?: boolean };
  _getClientConnectPatch(): (original: Query) => Query;
  _getPoolConnectPatch(): (original: Query) => Query;
  recordOperationDuration(attributes: Attributes, start: HrTime): void;
  _setPoolConnectEventListeners(pool: PgPool): void;
}

type Query = (this: ClientLike, ...args: unknown[]) => unknown;

interface ClientLike {
  /** Whether the app has called `end()`. */
  readonly _ending?: boolean;
  readonly database?: string;
  readonly connectionParameters?: { readonly host?: string; readonly port?: number };
}

function describeSpan(span: Span, text: string, values: unknown): void {
  if (!(span instanceof QuerySpan)) return;
  span.describe(text, Array.isArray(values) && values.length > 0);
}

/** Whose outcome is just being noted: upstream notes it on the span and at once in the metric. */
class CurrentQuery {
  span: QuerySpan | undefined = undefined;

  record(span: Span): void {
    if (span instanceof QuerySpan) this.span = span;
  }
}

/** The metric gets from the span what upstream doesn't know, or knows too much of. */
function completeDurations(internals: Internals, currentQuery: CurrentQuery): void {
  const record = internals.recordOperationDuration.bind(internals);
  internals.recordOperationDuration = ({ ...attributes }, start) => {
    const { operation, errorType } = currentQuery.span ?? {};
    delete attributes["db.operation.name"];
    if (operation !== undefined) attributes["db.operation.name"] = operation;
    if (errorType !== undefined) attributes["error.type"] = errorType;
    currentQuery.span = undefined;
    record(attributes, start);
  };
}

/** What brings its own `submit` is over when `pg` tells it so; upstream waits for a callback or a promise. */
function watchSubmittables(internals: Internals, currentQuery: CurrentQuery): void {
  const patch = internals._getClientQueryPatch.bind(internals);
  internals._getClientQueryPatch = () => {
    const wrap = patch();
    return (original) => {
      const traced = withAnyPromise(original, wrap);
      return function query(...args) {
        const [first] = args;
        if (!isSubmittable(first)) {
          bindCallback(args);
          return Reflect.apply(traced, this, args);
        }
        bindEvents(first);
        const isSkipped = internals.getConfig().requireParentSpan === true && !isInSpan();
        if (!isSkipped) watchSubmittable(first, this, start(internals, currentQuery, this, first));
        return Reflect.apply(original, this, args);
      };
    };
  };
}

/**
 * An app may give its clients another class of promises than Node's, of which
 * upstream never sees the end. It gets one of Node's in its place, the app its own.
 */
function withAnyPromise(original: Query, wrap: (original: Query) => Query): Query {
  let foreign: PromiseLike<unknown> | undefined;
  const traced = wrap(function (...args) {
    const result = Reflect.apply(original, this, args);
    if (!isForeignPromise(result)) return result;
    return new Promise((resolve, reject) => {
      foreign = result.then(
        (value) => {
          resolve(value);
          return value;
        },
        (error: unknown) => {
          reject(error);
          throw error;
        },
      );
    });
  });
  return function (...args) {
    const result = Reflect.apply(traced, this, args);
    if (foreign === undefined) return result;
    const own = foreign;
    foreign = undefined;
    (result as Promise<unknown>).catch(() => {});
    return own;
  };
}

function isForeignPromise(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== "object" || value === null || value instanceof Promise) return false;
  return typeof (value as { readonly then?: unknown }).then === "function";
}

function isInSpan(): boolean {
  return trace.getSpan(contexts.active()) !== undefined;
}

/** Upstream does so only if there is a span, and by a change of the app's own object. */
function bindCallback(args: unknown[]): void {
  const [first] = args;
  bindFunctions(args);
  if (typeof first !== "object" || first === null) return;
  const config = hasAccessor(first, "text") ? readOnce(first) : first;
  args[0] = config;
  const { callback } = config as { readonly callback?: unknown };
  if (typeof callback !== "function") return;
  const prototype = Object.getPrototypeOf(config) as object | null;
  args[0] = Object.assign(Object.create(prototype) as object, config, {
    callback: bindToCaller(callback),
  });
}

/** What `pg` reads of a statement. */
const STATEMENT_FIELDS = [
  ...["text", "values", "name", "rowMode", "types", "binary", "portal", "rows", "queryMode"],
  "callback",
];

/**
 * Builders of statements compute their text in a getter. In the place of such a
 * statement `pg`, upstream and we read this one, which asks it once.
 */
function readOnce(statement: object): object {
  const known: PropertyDescriptorMap = {};
  for (const name of STATEMENT_FIELDS) {
    if (!hasAccessor(statement, name)) continue;
    let read: { readonly value: unknown } | undefined;
    const get = (): unknown => (read ??= { value: Reflect.get(statement, name) as unknown }).value;
    known[name] = { enumerable: true, get };
  }
  return Object.create(statement, known) as object;
}

function hasAccessor(of: object, name: string): boolean {
  let owner: object | null = of;
  while (owner !== null) {
    const own = Object.getOwnPropertyDescriptor(owner, name);
    if (own !== undefined) return own.get !== undefined;
    owner = Object.getPrototypeOf(owner) as object | null;
  }
  return false;
}

/** Who waits for a connection gets it from whoever gives it back. Without a span, upstream binds nothing. */
function bindConnects(internals: Internals): void {
  for (const name of ["_getClientConnectPatch", "_getPoolConnectPatch"] as const) {
    const patch = internals[name].bind(internals);
    internals[name] = () => {
      const wrap = patch();
      return (original) => {
        const connect = wrap(original);
        return function (...args) {
          return Reflect.apply(connect, this, bindFunctions(args));
        };
      };
    };
  }
}

function start(
  internals: Internals,
  currentQuery: CurrentQuery,
  client: ClientLike,
  submittable: Submittable,
): SubmittableListener {
  const startedAt = hrTime();
  const attributes = attributesOf(client);
  const span = internals.tracer.startSpan("pg.query", { kind: SpanKind.CLIENT, attributes });
  const { text, values } = statementOf(submittable);
  if (typeof text === "string") describeSpan(span, text, values);
  const end = (): void => {
    currentQuery.record(span);
    internals.recordOperationDuration(attributes, startedAt);
    span.end();
  };
  return {
    succeed: end,
    fail({ code, message }) {
      if (span instanceof QuerySpan && typeof code === "string") span.setErrorType(code);
      span.setStatus({ code: SpanStatusCode.ERROR, message });
      end();
    },
  };
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
