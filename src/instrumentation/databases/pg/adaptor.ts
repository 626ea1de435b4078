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
import { isTracingSuppressed } from "../../../context/context.ts";
import type { CallRecorder } from "../../../development/call-recorder.ts";
import { isThenable } from "../../../thenable.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import { bindFunctions, bindEvents, bindToCaller } from "../../loading/caller-context.ts";
import { observeCheckOut, observeOpening } from "../../database-client/pool-times.ts";
import { isPoolTimeout, patchPool, type PgPool, PgPools, withoutCounters } from "./pools.ts";
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
 * Traces `pg` and `pg-pool` by upstream's instrumentation, and works around its
 * defects: it exports the text of a statement and its first word unchanged,
 * literals included; a rejected promise has no `error.type`; the spans of cursors
 * and streams never end; the metrics of several pools are mixed up (`pools.ts`).
 * Taking a connection out of its pool has no span, because every statement does
 * it; the pool's metrics show when it is exhausted.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const patched = statements.patch(exports, file, deps);
    const { current } = connectionPools;
    if (file.package === "pg-pool" && current !== undefined) {
      const { prototype } = patched as { readonly prototype: object };
      patchPool(prototype, (pool) => current.watch(pool));
    }
    return patched;
  },
};

/** The pools of all versions, created with the instrumentation. */
const connectionPools: { current?: PgPools } = {};

const statements = upstreamAdaptor((options, { recordsRows, viewerCalls }) => {
  const currentQuery = new CurrentQuery(viewerCalls);
  const record = (span: Span): void => currentQuery.record(span);
  const instrumentation = new PgInstrumentation({
    ...options,
    ignoreConnectSpans: true,
    requestHook: (span, { query }) => describeSpan(span, query, viewerCalls),
    responseHook: (span, { data }) => {
      record(span);
      if (typeof data.rowCount !== "number") return;
      if (recordsRows) span.setAttribute("db.response.returned_rows", data.rowCount);
      else if (viewerCalls !== undefined && span instanceof QuerySpan)
        span.recordRows(data.rowCount, viewerCalls);
    },
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
    const meter = provider.getMeter(instrumentationName, instrumentationVersion);
    const pools = new PgPools(meter, viewerCalls);
    connectionPools.current = pools;
    internals._setPoolConnectEventListeners = (pool) => void pools.watch(pool);
    setMeterProvider({ getMeter: (...of) => withoutCounters(provider.getMeter(...of)) });
  };
  return instrumentation;
});

/** Private members of upstream's class; the tests fail if they change. */
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

function describeSpan(
  span: Span,
  { text, values }: { readonly text: string; readonly values?: unknown },
  recorder: CallRecorder | undefined,
): void {
  if (span instanceof QuerySpan) span.describe(text, values, recorder);
}

/**
 * The query whose outcome upstream is recording: it updates the span and then,
 * synchronously, the metric.
 */
class CurrentQuery {
  span: QuerySpan | undefined = undefined;
  /** Of what only the viewer receives. */
  readonly recorder: CallRecorder | undefined;

  constructor(recorder: CallRecorder | undefined) {
    this.recorder = recorder;
  }

  record(span: Span): void {
    if (span instanceof QuerySpan) this.span = span;
  }
}

/** Copies the operation and the error type from the span to the metric. */
function completeDurations(internals: Internals, currentQuery: CurrentQuery): void {
  const record = internals.recordOperationDuration.bind(internals);
  internals.recordOperationDuration = ({ ...attributes }, start) => {
    const { operation, errorType, isSuppressed = false } = currentQuery.span ?? {};
    delete attributes["db.operation.name"];
    if (operation !== undefined) attributes["db.operation.name"] = operation;
    if (errorType !== undefined) attributes["error.type"] = errorType;
    currentQuery.span = undefined;
    if (!isSuppressed) record(attributes, start);
  };
}

/**
 * Ends the span of an object with its own `submit` when `pg` reports its end;
 * upstream waits for a callback or a promise.
 */
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
 * Supports clients with another promise class, whose end upstream never sees.
 * Upstream gets a native promise instead, the app its own.
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
  return !(value instanceof Promise) && isThenable(value);
}

function isInSpan(): boolean {
  return trace.getSpan(contexts.active()) !== undefined;
}

/**
 * Binds the callback of a query. Upstream does so only below a span, and by
 * changing the app's object.
 */
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

/** Fields of a statement that `pg` reads. */
const STATEMENT_FIELDS = [
  ...["text", "values", "name", "rowMode", "types", "binary", "portal", "rows", "queryMode"],
  "callback",
];

/**
 * Caches fields that a getter computes. Statement builders compute their text in a
 * getter; `pg`, upstream and this adaptor all read this object, which calls each
 * getter once.
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

/**
 * Binds the callbacks of code that waits for a connection, which otherwise run in
 * the context of the code that releases it. Without a span, upstream binds
 * nothing.
 */
function bindConnects(internals: Internals): void {
  const observers: Readonly<Record<string, Observer>> = {
    _getClientConnectPatch: (client, args, connect) => {
      const failed = failureOf(internals, client);
      return observeOpening(args, () => observeFailure(args, connect, failed));
    },
    _getPoolConnectPatch: observePoolConnect,
  };
  for (const name of ["_getClientConnectPatch", "_getPoolConnectPatch"] as const) {
    const patch = internals[name].bind(internals);
    const observe = observers[name]!;
    internals[name] = () => {
      const wrap = patch();
      return (original) => {
        const connect = wrap(original);
        return function (...args) {
          const all = bindFunctions(args);
          return observe(this, all, () => Reflect.apply(connect, this, all));
        };
      };
    };
  }
}

/**
 * Returns a function that records a connection that could not be opened as an operation that
 * failed: no query follows, so nothing else shows that the database is down.
 */
function failureOf(internals: Internals, client: ClientLike): (error: unknown) => void {
  const startedAt = hrTime();
  const isOwn = isTracingSuppressed(contexts.active());
  return (error) => {
    if (isOwn) return;
    const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
    const type = typeof code === "string" ? code : typeof name === "string" ? name : "_OTHER";
    internals.recordOperationDuration({ ...attributesOf(client), "error.type": type }, startedAt);
  };
}

/** Calls `connect`, and `failed` with its error. A callback in `args`, `(error)`, is replaced. */
function observeFailure(
  args: unknown[],
  connect: () => unknown,
  failed: (error: unknown) => void,
): unknown {
  const at = args.findLastIndex((arg) => typeof arg === "function");
  if (at !== -1) {
    const callback = args[at] as Callback;
    args[at] = function (this: unknown, error: unknown, ...rest: unknown[]): unknown {
      if (error !== undefined && error !== null) failed(error);
      return Reflect.apply(callback, this, [error, ...rest]);
    };
    return connect();
  }
  const result = connect();
  if (!isThenable(result)) return result;
  return result.then(
    (value) => value,
    (error: unknown) => {
      failed(error);
      throw error;
    },
  );
}

type Callback = (this: unknown, ...args: unknown[]) => unknown;

type Observer = (self: object, args: unknown[], call: () => unknown) => unknown;

function observePoolConnect(pool: object, args: unknown[], connect: () => unknown): unknown {
  const times = connectionPools.current?.watch(pool as PgPool);
  return times === undefined ? connect() : observeCheckOut(times, args, connect, isPoolTimeout);
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
  if (typeof text === "string") describeSpan(span, { text, values }, currentQuery.recorder);
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

/** Returns the same attributes as upstream. */
function attributesOf({ database, connectionParameters }: ClientLike): Attributes {
  const attributes: Attributes = { "db.system.name": "postgresql" };
  const { host, port } = connectionParameters ?? {};
  if (database !== undefined) attributes["db.namespace"] = database;
  if (host !== undefined) attributes["server.address"] = host;
  if (port !== undefined) attributes["server.port"] = port;
  return attributes;
}
