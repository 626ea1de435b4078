import type {
  Context,
  Exception,
  Link,
  Span,
  SpanAttributes,
  SpanAttributeValue,
  SpanContext,
  SpanOptions,
  SpanStatus,
  TimeInput,
  Tracer,
} from "@opentelemetry/api";
import { isTracingSuppressed } from "../../../context/context.ts";
import { activeContext } from "../../../context/manager.ts";
import type { CallRecorder } from "../../../development/call-recorder.ts";
import { DelegatingTracer } from "../../upstream/delegating-tracer.ts";
import { describeSql, MAX_SQL_LENGTH } from "../../database-client/sql.ts";

const QUERY_TEXT = "db.query.text";
/** `SpanStatusCode.ERROR` of the API. */
const STATUS_ERROR = 2;

/**
 * Span of one statement, as upstream's database instrumentations fill it. It
 * withholds what they copy from the statement without parsing it (the complete
 * text with all literals, the first word as the operation) until `describe` has
 * parsed it.
 */
export class QuerySpan implements Span {
  operation: string | undefined = undefined;
  /** The attribute `error.type`: the error code of the database or of Node. */
  errorType: string | undefined = undefined;
  /** Whether the query is no call of the app, but one of a health check. */
  readonly isSuppressed: boolean;
  readonly #span: Span;
  readonly #onError: (span: QuerySpan) => void;

  constructor(span: Span, onFailure: (span: QuerySpan) => void, isSuppressed: boolean) {
    this.#span = span;
    this.#onError = onFailure;
    this.isSuppressed = isSuppressed;
  }

  /**
   * @param values those that are passed separately; the text then stays unchanged
   * @param recorder of what only the viewer receives
   */
  describe(sql: string, values: unknown, recorder: CallRecorder | undefined): void {
    const { text, operation, summary } = describeSql(sql);
    this.operation = operation;
    if (!this.#span.isRecording()) return;
    recorder?.statement(this.#span, sql, values);
    const isParameterised = Array.isArray(values) && values.length > 0;
    this.#span.setAttribute(QUERY_TEXT, isParameterised ? sql.slice(0, MAX_SQL_LENGTH) : text);
    if (operation !== undefined) this.#span.setAttribute("db.operation.name", operation);
    if (summary === undefined) return;
    this.#span.setAttribute("db.query.summary", summary);
    this.#span.updateName(summary);
  }

  /** @param code error code of the database or of Node; only the first one counts */
  setErrorType(code: string): void {
    if (this.errorType !== undefined) return;
    this.errorType = code;
    this.#span.setAttribute("error.type", code);
    if (isSqlState(code)) this.#span.setAttribute("db.response.status_code", code);
  }

  /** Records the number of rows, for the viewer only. */
  recordRows(count: number, recorder: CallRecorder): void {
    recorder.rows(this.#span, count);
  }

  spanContext(): SpanContext {
    return this.#span.spanContext();
  }

  isRecording(): boolean {
    return this.#span.isRecording();
  }

  setAttribute(key: string, value: SpanAttributeValue): this {
    if (key !== QUERY_TEXT) this.#span.setAttribute(key, value);
    return this;
  }

  setAttributes(attributes: SpanAttributes): this {
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined) this.setAttribute(key, value);
    }
    return this;
  }

  addEvent(name: string, attributes?: SpanAttributes | TimeInput, time?: TimeInput): this {
    this.#span.addEvent(name, attributes, time);
    return this;
  }

  addLink(link: Link): this {
    this.#span.addLink(link);
    return this;
  }

  addLinks(links: Link[]): this {
    this.#span.addLinks(links);
    return this;
  }

  /** Also sets the error type, where upstream sets only a message. */
  setStatus(status: SpanStatus): this {
    if (status.code === STATUS_ERROR) {
      this.setErrorType("_OTHER");
      this.#onError(this);
    }
    this.#span.setStatus(status);
    return this;
  }

  updateName(name: string): this {
    this.#span.updateName(name);
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const code = errorCodeIn(exception);
    this.setErrorType(code ?? "_OTHER");
    const known = code === undefined ? exception : { code, message: "PostgreSQL error" };
    this.#span.recordException(known, time);
  }

  end(time?: TimeInput): void {
    this.#span.end(time);
  }
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code);
}

/** Finds the code in upstream's exception, which has no message: `… occurred (code: 23505)`. */
function errorCodeIn(exception: Exception): string | undefined {
  if (typeof exception !== "string") return undefined;
  const code = /\(code: (\w+)\)$/.exec(exception)?.[1];
  return code === "UNKNOWN" ? undefined : code;
}

/** Starts a `QuerySpan` for each span whose name has the prefix. */
export class QueryTracer extends DelegatingTracer {
  readonly #prefix: string;
  readonly #onError: (span: QuerySpan) => void;

  constructor(tracer: Tracer, prefix: string, onFailure: (span: QuerySpan) => void) {
    super(tracer);
    this.#prefix = prefix;
    this.#onError = onFailure;
  }

  /**
   * Names a query by the prefix until `describe` is called; the rest of the name
   * is part of the statement.
   */
  override startSpan(name: string, options?: SpanOptions, context?: Context): Span {
    if (!name.startsWith(this.#prefix)) return super.startSpan(name, options, context);
    const isSuppressed = isTracingSuppressed(context ?? activeContext());
    const span = super.startSpan(this.#prefix, options, context);
    return new QuerySpan(span, this.#onError, isSuppressed);
  }
}
