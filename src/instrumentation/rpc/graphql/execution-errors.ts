import { propertyOf } from "../../../property.ts";

/** An error in the result of an operation, or one that it wraps. */
interface ExecutionError {
  readonly path?: readonly unknown[];
  readonly originalError?: unknown;
  readonly extensions?: { readonly code?: unknown; readonly http?: { readonly status?: unknown } };
}

/**
 * Returns the server's errors in a result: what resolvers threw, each once.
 * Errors from before any resolver ran (they have no path) are not the server's,
 * nor is a `GraphQLError` that was thrown deliberately, unless its code is
 * `INTERNAL_SERVER_ERROR`, nor an error with a status below 500.
 */
export function serverErrorsIn(result: unknown): ReadonlySet<unknown> {
  const { errors, initialResult } = (result ?? {}) as {
    readonly errors?: readonly ExecutionError[];
    readonly initialResult?: { readonly errors?: readonly ExecutionError[] };
  };
  const failures = new Set<unknown>();
  for (const error of errors ?? initialResult?.errors ?? []) {
    if (error.path === undefined) continue;
    const { thrown, isServerError } = judge(error);
    if (isServerError) failures.add(thrown);
  }
  return failures;
}

/** Maximum number of wrapped errors: GraphQL.js wraps what was thrown once, and across realms twice. */
const MAX_DEPTH = 5;

/** Unwraps what was thrown. The outermost error with a status or a code decides whose fault it is. */
function judge(error: ExecutionError): { thrown: unknown; isServerError: boolean } {
  let thrown: unknown = error;
  let verdict = verdictOf(thrown);
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const inner = wrappedBy(thrown);
    if (inner === undefined) break;
    thrown = inner.value;
    verdict ??= verdictOf(thrown);
  }
  return { thrown, isServerError: verdict ?? !isGraphqlError(thrown) };
}

/** Returns what an error wraps. GraphQL.js wraps what is no `Error` in a `NonErrorThrown`, which may be `undefined`. */
function wrappedBy(error: unknown): { readonly value: unknown } | undefined {
  const original = propertyOf(error, "originalError");
  if (original !== undefined && original !== null) return { value: original };
  if (propertyOf(error, "name") !== "NonErrorThrown") return undefined;
  return Object.hasOwn(error as object, "thrownValue")
    ? { value: propertyOf(error, "thrownValue") }
    : undefined;
}

/** Whether it is the server's fault; undefined if the error has neither a status nor a code. */
function verdictOf(error: unknown): boolean | undefined {
  const extensions = propertyOf(error, "extensions");
  const given = [
    propertyOf(propertyOf(extensions, "http"), "status"),
    propertyOf(error, "statusCode"),
    propertyOf(error, "status"),
  ].find((status) => status !== undefined && status !== null);
  if (typeof given === "number") return given >= 500;
  const code = propertyOf(extensions, "code");
  return code === undefined ? undefined : code === "INTERNAL_SERVER_ERROR";
}

/** Whether an error has a status or a code of the client's fault, such as `UNAUTHENTICATED`. */
export function isRefusal(error: unknown): boolean {
  return verdictOf(error) === false;
}

function isGraphqlError(thrown: unknown): boolean {
  return propertyOf(thrown, "name") === "GraphQLError";
}
