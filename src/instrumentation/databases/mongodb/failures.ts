import { type DatabaseFailure, describeError } from "../../database-client/database-failure.ts";

interface WriteError {
  readonly code?: unknown;
  readonly errmsg?: unknown;
}

/** A lazily parsed reply, from 6.7 on. */
interface LazyReply {
  has(field: string): boolean;
  toObject(): Readonly<Record<string, unknown>>;
}

/** Returns the first error among the writes of a command that itself has succeeded. */
export function writeError(reply: unknown): MongoWriteError | undefined {
  if (typeof reply !== "object" || reply === null) return undefined;
  const { has } = reply as Partial<LazyReply>;
  const isLazy = typeof has === "function";
  if (isLazy && !(reply as LazyReply).has(WRITE_ERRORS)) return undefined;
  const all: unknown = isLazy ? (reply as LazyReply).toObject() : reply;
  const { [WRITE_ERRORS]: errors } = all as { readonly [WRITE_ERRORS]?: readonly WriteError[] };
  if (!Array.isArray(errors) || errors.length === 0) return undefined;
  const { code, errmsg } = errors[0] as WriteError;
  return new MongoWriteError(String(errmsg), code);
}

const WRITE_ERRORS = "writeErrors";

class MongoWriteError extends Error {
  readonly code: unknown;

  constructor(message: string, code: unknown) {
    super(message);
    this.code = code;
  }
}

/**
 * Uses the error's code as status code:
 * https://opentelemetry.io/docs/specs/semconv/database/mongodb/
 */
export function describeMongoError(error: unknown): DatabaseFailure {
  const failure = describeError(error);
  const { code, codeName } = error as { readonly code?: unknown; readonly codeName?: unknown };
  if (typeof code !== "number") return failure;
  const type = typeof codeName === "string" ? codeName : String(code);
  return { ...failure, type, statusCode: String(code) };
}
