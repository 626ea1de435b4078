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
import { isTracingSuppressed } from "../../context/context.ts";
import type { CallRecorder } from "../../development/call-recorder.ts";
import { tryRead } from "../../try-read.ts";
import type { AdaptorDeps } from "../loading/adaptor.ts";
import {
  type DatabaseFailure,
  describeError,
  isAbortedByApp,
  UNKNOWN_FAILURE,
} from "./database-failure.ts";
import { isUserRaised } from "./error-message.ts";

/**
 * Bucket boundaries of `db.client.operation.duration`, in seconds, from the
 * semantic conventions.
 */
const BOUNDARIES = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

export interface DatabaseCallsOptions {
  /** Instrumentation scope: the library's name on npm. */
  readonly scope: string;
  readonly version: string;
  /**
   * Whether a call without a parent span has no span. The metric counts it in any
   * case. Use upstream's default for the library.
   */
  readonly needsParent: boolean;
  /** Describes an error; default: `describeError`. */
  readonly describe?: (error: unknown) => DatabaseFailure;
}

/**
 * Records the calls of one library: a client span for each, and
 * `db.client.operation.duration`.
 *
 * https://opentelemetry.io/docs/specs/semconv/database/database-spans/
 * https://opentelemetry.io/docs/specs/semconv/database/database-metrics/
 */
export class DatabaseCalls {
  readonly describe: (error: unknown) => DatabaseFailure;
  readonly duration: Histogram;
  readonly recordsRows: boolean;
  /** Records what only the viewer receives; undefined without a viewer. */
  readonly recorder: CallRecorder | undefined;
  readonly #tracer: Tracer;
  readonly #needsParent: boolean;

  constructor(deps: AdaptorDeps, options: DatabaseCallsOptions) {
    const { scope, version, needsParent, describe = describeError } = options;
    this.describe = describe;
    this.#needsParent = needsParent;
    this.recordsRows = deps.recordsRows;
    this.recorder = deps.viewerCalls;
    this.#tracer = deps.tracerProvider.getTracer(scope, version);
    const meter = deps.meterProvider.getMeter(scope, version);
    this.duration = meter.createHistogram("db.client.operation.duration", {
      description: "Duration of database client operations.",
      unit: "s",
      advice: { explicitBucketBoundaries: BOUNDARIES },
    });
  }

  /**
   * Starts a call in the active context.
   *
   * @param name name of the span
   * @param attributes low-cardinality attributes of the span and the metric;
   * stored without a copy
   * @param details further attributes of the span; called only if the span is
   * recorded
   * @param startedAt start on the monotonic clock, if it was earlier
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

  /**
   * Records a connection that could not be opened, as an operation without a name that failed.
   * Calls wait for the connection, often without an end, so nothing else in the metrics shows
   * that the server is down. There is no span, because no caller waits for it.
   *
   * @param attributes those of the server
   * @param startedAt when it began, on the monotonic clock; default: now
   */
  recordUnopened(attributes: Attributes, error: unknown, startedAt: number = now()): void {
    if (isTracingSuppressed(contexts.active())) return;
    const { type } = tryRead(() => this.describe(error)) ?? UNKNOWN_FAILURE;
    const seconds = (now() - startedAt) / 1000;
    this.duration.record(seconds, { ...attributes, "error.type": type });
  }
}

/** A database call from its start to its response. */
export class DatabaseCall {
  /** Context of the caller, in which its callback must run. */
  readonly context: Context;
  /** Undefined if the call has none. */
  readonly span: Span | undefined;
  readonly #calls: DatabaseCalls;
  readonly #startedAt: number;
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
    this.span = span;
  }

  /**
   * Ends the call without an error. Only the first end counts.
   *
   * @param result of the call; a list is taken for its rows
   */
  succeed(result?: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { recordsRows, recorder } = this.#calls;
    if (recordsRows || recorder !== undefined) this.#recordRows(result, recorder);
    this.span?.end();
    this.#record();
  }

  /** Ends the call with an error; for a batch, with the first one. Only the first end counts. */
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
    this.span?.setAttributes(attributes);
    this.span?.setStatus({ code: SpanStatusCode.ERROR, message });
    this.span?.end();
    this.#record();
  }

  /**
   * Ends the call with `promise`. Returns a promise with the same outcome, so that
   * an unhandled rejection is reported as before.
   *
   * @param failureIn finds the error in a result that contains errors, as that of
   * a batch does
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

  /**
   * Binds `callback` to the caller's context and ends the call before it runs, by
   * its first argument.
   */
  bindCallback<This, Args extends unknown[]>(callback: Callback<This, Args>): Callback<This, Args> {
    return boundCallback(this, callback);
  }

  /** The results of several statements are lists themselves, and rows as lists look the same. */
  #recordRows(result: unknown, recorder: CallRecorder | undefined): void {
    if (!Array.isArray(result) || Array.isArray(result[0])) return;
    if (this.#calls.recordsRows) {
      this.span?.setAttribute("db.response.returned_rows", result.length);
    } else recorder?.rows(this.span, result.length);
  }

  #describe(error: unknown): DatabaseFailure {
    const attributes = this.#attributes;
    const failure = tryRead(() => this.#calls.describe(error)) ?? UNKNOWN_FAILURE;
    const { type, statusCode = type } = failure;
    const raised = isUserRaised(attributes["db.system.name"], statusCode) || runsScript(attributes);
    return raised ? { ...failure, message: "?" } : failure;
  }

  /** Calls that telltale makes itself, for health checks, are not the app's. */
  #record(): void {
    if (isTracingSuppressed(this.context)) return;
    const seconds = (now() - this.#startedAt) / 1000;
    this.#calls.duration.record(seconds, this.#attributes, this.context);
  }
}

/** Whether the call ran a script in Redis, whose error message is the app's text. */
function runsScript({ "db.operation.name": operation }: Attributes): boolean {
  return typeof operation === "string" && /(?:^| )(?:EVAL|FCALL)/.test(operation);
}

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
    if (error === undefined || error === null) call.succeed(rest[0]);
    else call.fail(error);
    return contexts.with(call.context, callback, this, error, ...rest);
  };
}
