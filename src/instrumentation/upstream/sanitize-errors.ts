import {
  type Context,
  type Exception,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
} from "@opentelemetry/api";
import {
  sanitizeException,
  isUserRaised,
  sanitizeErrorMessage,
} from "../database-client/error-message.ts";

/**
 * Where the spans of upstream's instrumentations get their errors: those of
 * databases have no values in them (docs/stores.md), and always an
 * `error.type`, which not all of upstream's set.
 */
export function withSanitizedErrors(provider: TracerProvider): TracerProvider {
  const getTracer: TracerProvider["getTracer"] = (name, ...rest) =>
    new ErrorSanitizingTracer(provider.getTracer(name, ...rest), name);
  // With what else it has: AWS Lambda's handler is delivered by `forceFlush`.
  return Object.assign(Object.create(provider) as TracerProvider, { getTracer });
}

class ErrorSanitizingTracer implements Tracer {
  readonly #tracer: Tracer;
  /** Upstream's `oracledb` doesn't say at a span's start what it is of. */
  readonly #system: string | undefined;

  constructor(tracer: Tracer, scope: string) {
    this.#tracer = tracer;
    this.#system = scope.endsWith("oracledb") ? "oracle.db" : undefined;
  }

  startSpan(name: string, options?: SpanOptions, context?: Context): Span {
    const span = this.#tracer.startSpan(name, options, context);
    const system = options?.attributes?.["db.system.name"] ?? this.#system;
    if (system !== undefined && span.isRecording()) sanitizeSpanErrors(span, system);
    return span;
  }

  get startActiveSpan(): Tracer["startActiveSpan"] {
    return this.#tracer.startActiveSpan.bind(this.#tracer);
  }
}

/** The span itself stays what it is: as a parent it is known by its class. */
function sanitizeSpanErrors(span: Span, system: unknown): void {
  const { setAttribute, setStatus, recordException } = span;
  let type: string | undefined;
  let raised = false;
  const setErrorType = (code: string): void => {
    type = code;
    setAttribute.call(span, "error.type", code);
  };
  /** Some of them set the code after the status. */
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
    // Upstream hands on what an error has there, whatever it is.
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

/** `ER_DUP_ENTRY: …` of `mysql`, `ORA-00001: …`. */
function errorCodeIn(message: string): string | undefined {
  return /^([A-Z][A-Z\d]{0,9}[_-][A-Z\d_]{1,60}): /.exec(message)?.[1];
}

/** Whatever an error does when it is looked at stays here. */
function tryRead(get: () => Exception): Exception | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}
