import {
  type Attributes,
  type Context,
  context as contexts,
  type Histogram,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { now } from "../../clock.ts";
import { tryRead } from "../../try-read.ts";
import type { AdaptorDeps } from "../loading/adaptor.ts";
import { isUserRaised, sanitizeErrorMessage } from "./error-message.ts";

/** `db.client.operation.duration`, as the conventions advise it, in seconds. */
const BOUNDARIES = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** Where a client's calls go: a server and a database on it. */
export interface DatabaseTarget {
  /** `db.system.name`: one of the conventions' names. */
  readonly system: string;
  /** `db.namespace`. */
  readonly namespace?: string | undefined;
  /** `server.address`: a host, or the path of a socket. */
  readonly address?: string | undefined;
  /** `server.port`. */
  readonly port?: number | undefined;
}

const MAX_CACHED = 500;

/** A target, and what its calls' spans and metrics have in common. */
export class CallTarget {
  readonly attributes: Attributes;
  /** One object per operation: the metric finds its series by it without making anything. */
  readonly #byOperation = new Map<string, Attributes>();

  constructor({ system, namespace, address, port }: DatabaseTarget) {
    const attributes: Attributes = { "db.system.name": system };
    if (namespace !== undefined && namespace !== "") attributes["db.namespace"] = namespace;
    if (address !== undefined && address !== "") attributes["server.address"] = address;
    if (port !== undefined && !Number.isNaN(port)) attributes["server.port"] = port;
    this.attributes = attributes;
  }

  /** With `db.operation.name`, and `db.collection.name` where that is known. */
  attributesOf(operation: string | undefined, collection?: string): Attributes {
    if (operation === undefined) return this.attributes;
    const key = collection === undefined ? operation : `${operation} ${collection}`;
    const known = this.#byOperation.get(key);
    if (known !== undefined) return known;
    const attributes: Attributes = { ...this.attributes, "db.operation.name": operation };
    if (collection !== undefined) attributes["db.collection.name"] = collection;
    if (this.#byOperation.size < MAX_CACHED) this.#byOperation.set(key, attributes);
    return attributes;
  }
}

export interface DatabaseCallsOptions {
  /** The instrumentation scope: the library as npm names it. */
  readonly scope: string;
  readonly version: string;
  /**
   * Whether a call that no span is around gets none of its own; the metric
   * counts it all the same. As upstream has it by default for each library.
   */
  readonly needsParent: boolean;
  /** What is said of an error; default: `describeError`. */
  readonly describe?: (error: unknown) => DatabaseFailure;
}

/** What goes to a span and to the metric of a call that failed. */
export interface DatabaseFailure {
  /** `error.type`: of low cardinality. */
  readonly type: string;
  /** `db.response.status_code`: what the database says; undefined if the error isn't the database's. */
  readonly statusCode?: string | undefined;
  /** For the span's status: without values. */
  readonly message: string;
}

/**
 * The calls of one library: a client span for each, and
 * `db.client.operation.duration`.
 *
 * https://opentelemetry.io/docs/specs/semconv/database/database-spans/
 * https://opentelemetry.io/docs/specs/semconv/database/database-metrics/
 */
export class DatabaseCalls {
  readonly describe: (error: unknown) => DatabaseFailure;
  readonly duration: Histogram;
  readonly #tracer: Tracer;
  readonly #needsParent: boolean;

  constructor(deps: AdaptorDeps, options: DatabaseCallsOptions) {
    const { scope, version, needsParent, describe = describeError } = options;
    this.describe = describe;
    this.#needsParent = needsParent;
    this.#tracer = deps.tracerProvider.getTracer(scope, version);
    const meter = deps.meterProvider.getMeter(scope, version);
    this.duration = meter.createHistogram("db.client.operation.duration", {
      description: "Duration of database client operations.",
      unit: "s",
      advice: { explicitBucketBoundaries: BOUNDARIES },
    });
  }

  /**
   * A call begins, in the active context.
   *
   * @param name of the span
   * @param attributes of both the span and the metric: of low cardinality; kept as they are
   * @param details of the span alone; asked for only where the span is recorded
   * @param startedAt on our clock, if it was before this
   */
  start(
    name: string,
    attributes: Attributes,
    details?: () => Attributes,
    startedAt: number = now(),
  ): DatabaseCall {
    const context = contexts.active();
    if (this.#needsParent && trace.getSpan(context) === undefined) {
      return new DatabaseCall(this, context, attributes, undefined, startedAt);
    }
    const options = { kind: SpanKind.CLIENT, attributes, startTime: startedAt };
    const span = this.#tracer.startSpan(name, options, context);
    if (details !== undefined && span.isRecording()) span.setAttributes(details());
    return new DatabaseCall(this, context, attributes, span, startedAt);
  }
}

/** From asking a database until its answer. */
export class DatabaseCall {
  /** The caller's; a callback is to run in it. */
  readonly context: Context;
  readonly #calls: DatabaseCalls;
  readonly #startedAt: number;
  readonly #span: Span | undefined;
  #attributes: Attributes;
  #isEnded = false;

  constructor(
    calls: DatabaseCalls,
    context: Context,
    attributes: Attributes,
    span: Span | undefined,
    startedAt: number,
  ) {
    this.#startedAt = startedAt;
    this.context = context;
    this.#calls = calls;
    this.#attributes = attributes;
    this.#span = span;
  }

  /** It ended well. Only the first end counts. */
  succeed(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#span?.end();
    this.#record();
  }

  /** It ended with an error, or with a whole batch's first one. Only the first end counts. */
  fail(error: unknown): void {
    if (this.#isEnded) return;
    if (tryRead(() => isAbortedByApp(error)) === true) {
      this.succeed();
      return;
    }
    this.#isEnded = true;
    const { type, statusCode, message } = this.#describe(error);
    const attributes: Attributes = { "error.type": type };
    if (statusCode !== undefined) attributes["db.response.status_code"] = statusCode;
    this.#attributes = { ...this.#attributes, ...attributes };
    this.#span?.setAttributes(attributes);
    this.#span?.setStatus({ code: SpanStatusCode.ERROR, message });
    this.#span?.end();
    this.#record();
  }

  /**
   * Ends with `promise`, and gives one of the same outcome: whoever drops that
   * hears of a rejection as before.
   *
   * @param jobFailure finds the error in a result that has one, as batches do
   */
  endWithPromise<T>(promise: Promise<T>, failureIn?: (value: T) => unknown): Promise<T> {
    return promise.then(
      (value) => {
        const failure = failureIn?.(value);
        if (failure === undefined) this.succeed();
        else this.fail(failure);
        return value;
      },
      (error: unknown) => {
        this.fail(error);
        throw error;
      },
    );
  }

  /** `callback` in the caller's context, after the call's end by its first argument. */
  bindCallback<This, Args extends unknown[]>(callback: Callback<This, Args>): Callback<This, Args> {
    return boundCallback(this, callback);
  }

  #describe(error: unknown): DatabaseFailure {
    const attributes = this.#attributes;
    const failure = tryRead(() => this.#calls.describe(error)) ?? UNKNOWN_FAILURE;
    const { type, statusCode = type } = failure;
    const raised = isUserRaised(attributes["db.system.name"], statusCode) || runsScript(attributes);
    return raised ? { ...failure, message: "?" } : failure;
  }

  #record(): void {
    const seconds = (now() - this.#startedAt) / 1000;
    this.#calls.duration.record(seconds, this.#attributes, this.context);
  }
}

/**
 * Whether the app has given a call up itself, by an abort signal or by closing
 * its client: no error, as it is none of an HTTP client. `redis` has classes for
 * both without names of their own.
 */
function isAbortedByApp(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    ("code" in error && error.code === "ABORT_ERR") ||
    (error.name === "AbortError" && error instanceof DOMException) ||
    // A cursor of MongoDB's, closed while it waits for more.
    ("codeName" in error && error.codeName === "CursorKilled") ||
    (error.name === "Error" && ABORT_CLASSES.has(error.constructor.name))
  );
}

const ABORT_CLASSES = new Set(["AbortError", "DisconnectsClientError"]);

/** Not all classes of errors give their name to `name`. */
function classOf(error: Error): string {
  return error.name === "Error" ? error.constructor.name : error.name;
}

/** What a script in Redis says is the app's own text. */
function runsScript({ "db.operation.name": operation }: Attributes): boolean {
  return typeof operation === "string" && /(?:^| )(?:EVAL|FCALL)/.test(operation);
}

const UNKNOWN_FAILURE: DatabaseFailure = { type: "_OTHER", message: "" };

type Callback<This, Args extends unknown[]> = (
  this: This,
  error: unknown,
  ...rest: Args
) => unknown;

function boundCallback<This, Args extends unknown[]>(
  call: DatabaseCall,
  callback: Callback<This, Args>,
): Callback<This, Args> {
  return function ended(error, ...rest) {
    if (error === undefined || error === null) call.succeed();
    else call.fail(error);
    return contexts.with(call.context, callback, this, error, ...rest);
  };
}

/**
 * For errors that say of themselves what they are: Node's `code`, else the name
 * of their class. What Node says of a connection has an address in it and no value.
 */
export function describeError(error: unknown): DatabaseFailure {
  if (!(error instanceof Error)) return { type: "_OTHER", message: "" };
  const { code, syscall } = error as { readonly code?: unknown; readonly syscall?: unknown };
  const type = typeof code === "string" && code !== "" ? code : classOf(error);
  const isNodes = syscall !== undefined;
  return { type, message: isNodes ? error.message : sanitizeErrorMessage(error.message) };
}
