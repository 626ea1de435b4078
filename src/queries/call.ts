/** What is called: SQL, a cache or document store, another service. */
export type CallSource = "sql" | "redis" | "mongodb" | "http" | "other";

/** A place in the source of the app. */
export interface CallPlace {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
  readonly function?: string;
}

/** A call that left the process. */
export interface Call {
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** The unit of work that waited for it, in its own service: id of the server span. */
  readonly scope: string;
  readonly source: CallSource;
  /** `db.system.name`. */
  readonly system: string | undefined;
  /** SQL as written, `GET user:1`, a command of MongoDB as JSON, `GET http://localhost/users/1`. */
  readonly text: string;
  /** Values that are passed beside the text; undefined if they are unknown. */
  readonly parameters: readonly string[] | undefined;
  /** Start in milliseconds. */
  readonly start: number;
  readonly durationMs: number;
  readonly failed: boolean;
  /** First frame of the app. */
  readonly place: CallPlace | undefined;
  /** All frames of the app, by which two loops over one function differ. */
  readonly stack: string | undefined;
}

/** A span as its exporters have it. */
export interface SpanLike {
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly name: string;
  readonly isClient: boolean;
  readonly start: number;
  readonly durationMs: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/**
 * Returns the call of a span; undefined if it is none: `connect` and the like have no text.
 *
 * @param scope id of the server span in whose unit of work it ran
 */
export function callOfSpan(span: SpanLike, scope: string): Call | undefined {
  const { attributes } = span;
  const described = describedDatabaseCall(attributes) ?? describedRequest(span);
  if (described === undefined) return undefined;
  const { spanId, parentSpanId, start, durationMs, failed } = span;
  return {
    ...{ spanId, parentSpanId, scope, start, durationMs, failed, ...described },
    place: placeOf(attributes),
    stack: textOf(attributes["code.stacktrace"]),
  };
}

/** Returns the call site of a span, as `code.*` has it. */
export function placeOf(attributes: SpanLike["attributes"]): CallPlace | undefined {
  const file = textOf(attributes["code.file.path"]);
  const line = numberOf(attributes["code.line.number"]);
  if (file === undefined || line === undefined) return undefined;
  const column = numberOf(attributes["code.column.number"]);
  const name = textOf(attributes["code.function.name"]);
  return {
    ...{ file, line },
    ...(column !== undefined && { column }),
    ...(name !== undefined && { function: name }),
  };
}

const PARAMETER = "db.query.parameter.";

/** Returns the parameters of a query by position or name, in their order; undefined if unknown. */
export function parametersOf(
  attributes: SpanLike["attributes"],
): readonly { readonly key: string; readonly value: string }[] | undefined {
  const found = Object.entries(attributes).filter(([key]) => key.startsWith(PARAMETER));
  if (found.length === 0) return undefined;
  return found.map(([key, value]) => ({ key: key.slice(PARAMETER.length), value: String(value) }));
}

type Described = Pick<Call, "source" | "system" | "text" | "parameters">;

function describedDatabaseCall(attributes: SpanLike["attributes"]): Described | undefined {
  const system = textOf(attributes["db.system.name"]) ?? textOf(attributes["db.system"]);
  if (system === undefined) return undefined;
  const operation = textOf(attributes["db.operation.name"]);
  const full = textOf(attributes["db.query.text"]) ?? textOf(attributes["db.statement"]);
  const source = sourceOf(system);
  const text = full ?? (source === "redis" || source === "other" ? operation : undefined);
  if (text === undefined) return undefined;
  const parameters = parametersOf(attributes)?.map(({ key, value }) => `${key}=${value}`);
  return { source, system, text, parameters };
}

const SQL_SYSTEMS = new Set(
  (
    "postgresql mysql mariadb sqlite microsoft.sql_server mssql oracle.db oracle cockroachdb " +
    "other_sql clickhouse cassandra ibm.db2 snowflake redshift trino"
  ).split(" "),
);

function sourceOf(system: string): CallSource {
  if (SQL_SYSTEMS.has(system)) return "sql";
  if (system === "redis" || system === "valkey") return "redis";
  return system === "mongodb" ? "mongodb" : "other";
}

function describedRequest({ isClient, attributes }: SpanLike): Described | undefined {
  const url = textOf(attributes["url.full"]) ?? textOf(attributes["http.url"]);
  const method = textOf(attributes["http.request.method"]) ?? textOf(attributes["http.method"]);
  if (!isClient || url === undefined || method === undefined) return undefined;
  return { source: "http", system: undefined, text: `${method} ${url}`, parameters: undefined };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}
