import {
  type Context,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
} from "@opentelemetry/api";
import { tryRead } from "../../try-read.ts";
import {
  sanitizeException,
  isUserRaised,
  sanitizeErrorMessage,
} from "../database-client/error-message.ts";
import { DelegatingTracer } from "./delegating-tracer.ts";

/**
 * Sanitizes the errors on spans of upstream's instrumentations: errors of
 * databases contain no values (docs/databases.md), and a failed span always has an
 * `error.type`, which not every instrumentation sets.
 */
export function withSanitizedErrors(provider: TracerProvider): TracerProvider {
  const getTracer: TracerProvider["getTracer"] = (name, ...rest) =>
    new ErrorSanitizingTracer(provider.getTracer(name, ...rest), name);
  // Inherits the other methods: the AWS Lambda instrumentation calls `forceFlush`.
  return Object.assign(Object.create(provider) as TracerProvider, { getTracer });
}

class ErrorSanitizingTracer extends DelegatingTracer {
  /** Upstream's `oracledb` does not set `db.system.name` at the start of a span. */
  readonly #system: string | undefined;

  constructor(tracer: Tracer, scope: string) {
    super(tracer);
    this.#system = scope.endsWith("oracledb") ? "oracle.db" : undefined;
  }

  override startSpan(name: string, options?: SpanOptions, context?: Context): Span {
    const span = super.startSpan(name, options, context);
    const system = options?.attributes?.["db.system.name"] ?? this.#system;
    if (system !== undefined && span.isRecording()) sanitizeSpanErrors(span, system);
    return span;
  }
}

/** Patches the span in place, because as a parent it is recognized by its class. */
function sanitizeSpanErrors(span: Span, system: unknown): void {
  const { setAttribute, setStatus, recordException } = span;
  let type: string | undefined;
  let raised = false;
  const setErrorType = (code: string): void => {
    type = code;
    setAttribute.call(span, "error.type", code);
  };
  /** Some instrumentations set the status code after the status. */
  const recordCode = (code: unknown): void => {
    if (raised || !isUserRaised(system, code)) return;
    raised = true;
    setStatus.call(span, { code: SpanStatusCode.ERROR, message: "?" });
  };
  span.setAttribute = (key, value) => {
    if (key === "error.type") type = String(value);
    if (key === "db.response.status_code") recordCode(value);
    return setAttribute.call(span, key, value);
  };
  span.setStatus = (status) => {
    const { code } = status;
    if (code !== SpanStatusCode.ERROR) return setStatus.call(span, status);
    // Upstream passes the error's `message` on, whatever its type.
    const message = typeof status.message === "string" ? status.message : "";
    if (type === undefined) setErrorType(errorCodeIn(message) ?? "_OTHER");
    return setStatus.call(span, { code, message: raised ? "?" : sanitizeErrorMessage(message) });
  };
  span.recordException = (exception, time) => {
    const safe = tryRead(() => sanitizeException(exception, system));
    if (safe === undefined) return;
    const code = typeof safe === "string" ? undefined : (safe.code ?? safe.name);
    if (code !== undefined && (type === undefined || type === "_OTHER")) setErrorType(String(code));
    recordCode(code);
    recordException.call(span, safe, time);
  };
}

/** `ER_DUP_ENTRY: …` of `mysql`, `ORA-00001: …` of Oracle. */
function errorCodeIn(message: string): string | undefined {
  return /^([A-Z][A-Z\d]{0,9}[_-][A-Z\d_]{1,60}): /.exec(message)?.[1];
}
