import type { Attributes, Context, Span, SpanOptions, Tracer } from "@opentelemetry/api";
import type { CallRecorder } from "../../development/call-recorder.ts";
import type { AdaptorDeps } from "../loading/adaptor.ts";
import type { Dialect } from "../../queries/sql-tokens.ts";
import { describeSql } from "../database-client/sql.ts";
import { DelegatingTracer } from "./delegating-tracer.ts";
import type { InstrumentationLike } from "./upstream-adaptor.ts";

const QUERY_TEXT = "db.query.text";
const OPERATION = "db.operation.name";

/**
 * Removes literals and keys from the spans of a database instrumentation that
 * records them unchanged, unless `enhancedDatabaseReporting` is set.
 */
export function withSanitizedSql<Database extends InstrumentationLike>(
  instrumentation: Database,
  options: AdaptorDeps["options"],
  recorder?: CallRecorder,
): Database {
  if (options["enhancedDatabaseReporting"] === true) return instrumentation;
  const setTracerProvider = instrumentation.setTracerProvider.bind(instrumentation);
  instrumentation.setTracerProvider = (provider) =>
    setTracerProvider({
      getTracer: (...of) => new SqlSanitizingTracer(provider.getTracer(...of), recorder),
    });
  return instrumentation;
}

class SqlSanitizingTracer extends DelegatingTracer {
  readonly #recorder: CallRecorder | undefined;

  constructor(tracer: Tracer, recorder: CallRecorder | undefined) {
    super(tracer);
    this.#recorder = recorder;
  }

  override startSpan(name: string, options: SpanOptions = {}, context?: Context): Span {
    const { attributes = {} } = options;
    const isMysql = attributes["db.system.name"] === "mysql";
    const clean = { ...options, attributes: withoutQueryText(attributes) };
    // `mysql` names a span after the statement's text up to the first space.
    const span = super.startSpan(isMysql ? "query" : name, clean, context);
    const text = attributes[QUERY_TEXT];
    if (isMysql) setQueryAttributes(span, text, "mysql");
    if (typeof text === "string") this.#recorder?.statement(span, text, undefined);
    sanitizeAttributes(span);
    if (!isMysql && QUERY_TEXT in attributes) {
      span.setAttribute(QUERY_TEXT, attributes[QUERY_TEXT] ?? "");
    }
    return span;
  }
}

function withoutQueryText(attributes: Attributes): Attributes {
  const rest = { ...attributes };
  delete rest[QUERY_TEXT];
  return rest;
}

function setQueryAttributes(span: Span, sql: unknown, dialect: Dialect): void {
  if (typeof sql !== "string") return;
  const { text, operation, summary } = describeSql(sql, dialect);
  const name = summary ?? operation;
  if (name !== undefined) span.updateName(name);
  span.setAttributes({
    [QUERY_TEXT]: text,
    ...(operation !== undefined && { [OPERATION]: operation }),
    ...(summary !== undefined && { "db.query.summary": summary }),
  });
}

/**
 * Sanitizes attributes that are set later. Patches the span in place, because as a
 * parent it is recognized by its class.
 */
function sanitizeAttributes(span: Span): void {
  const { setAttribute, updateName } = span;
  span.setAttribute = (key, value) => {
    // A key is a value, as in Redis.
    if (key === "db.memcached.key") return span;
    const isText = key === QUERY_TEXT || key === OPERATION;
    return setAttribute.call(span, key, isText ? sanitizeText(String(value)) : value);
  };
  span.setAttributes = (attributes) => {
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined) span.setAttribute(key, value);
    }
    return span;
  };
  span.updateName = (name) => updateName.call(span, sanitizeText(name));
}

/**
 * `oracledb` takes everything up to the first space for the operation, and so for
 * the name: `SELECT'…'FROM`.
 */
function sanitizeText(text: string): string {
  return describeSql(text).text;
}
